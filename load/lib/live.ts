import { duration, percent, rate, whole } from './format';
import { Histogram } from './histogram';
import type { Plan } from './plan';
import type { Point } from './timeline';

/** Shows a run while it goes on. */
export interface LiveView {
  show(point: Point): void;
  end(): void;
}

const BAR = 20;
/** A view is at most so wide, in characters: a line that a terminal breaks cannot be drawn over. */
const WIDTH = 79;

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** `1:05:09`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => String(part).padStart(index === 0 ? 1 : 2, '0')).join(':');
}

/** One line about the last interval. */
export function lineOf(point: Point, previous: Point | undefined, plan: Plan): string {
  const seconds = point.at - (previous?.at ?? 0);
  const latency = Histogram.decode(point.latency);
  const done = point.requests > 0 ? point.requests : point.iterations;
  const parts = [
    `${point.at.toFixed(0).padStart(4)} of ${(plan.duration / 1000).toFixed(0)} s`,
    `${whole(point.vus)} users`,
    rate(done, seconds),
    ...[50, 99].map((share) => `p${String(share)} ${duration(latency.percentile(share))}`),
    `${percent(done > 0 ? point.failed / done : 0)} failed`,
    ...(point.errors > 0 ? [`${whole(point.errors)} errors`] : []),
    ...(point.late > 0 ? [`${whole(point.late)} late`] : []),
  ];
  return parts.join('  ');
}

/** For what is no terminal: a line an interval, at most one in `every` seconds. */
export class PlainView implements LiveView {
  readonly #plan: Plan;
  readonly #write: (text: string) => void;
  readonly #every: number;
  #last: Point | undefined = undefined;
  #shown = -Infinity;

  constructor(plan: Plan, write: (text: string) => void, every = 5) {
    this.#plan = plan;
    this.#write = write;
    this.#every = every;
  }

  show(point: Point): void {
    const line = lineOf(point, this.#last, this.#plan);
    this.#last = point;
    if (point.at - this.#shown < this.#every - 0.5) return;
    this.#shown = point.at;
    this.#write(`${line}\n`);
  }

  end(): void {
    // nothing is left open
  }
}

/** The part of log-update that is used. */
type Update = ((text: string) => void) & { clear(): void };

const doneIn = ({ requests, iterations }: Point): number => (requests > 0 ? requests : iterations);

/** All of a run up to now. */
interface SoFar {
  readonly done: number;
  readonly failed: number;
  readonly errors: number;
  readonly latency: Histogram;
}

/** What a terminal shows: how far it is, the last interval, all of it so far, the percentiles of both. */
export function linesOf(
  name: string,
  plan: Plan,
  point: Point,
  previous: Point | undefined,
  soFar: SoFar,
): string[] {
  const share = Math.min(1, (point.at * 1000) / Math.max(1, plan.duration));
  const filled = Math.round(share * BAR);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  const left = clock(plan.duration / 1000 - point.at);
  const progress = `${bar} ${percent(Number(share.toFixed(2)))}  ${clock(point.at)} gone, ${left} left`;
  const now = Histogram.decode(point.latency);
  const seconds = point.at - (previous?.at ?? 0);
  const row = (title: string, done: string, failed: number, errors: number): string =>
    `${title.padEnd(8)}${done.padEnd(24)}${percent(failed)} failed  ${whole(errors)} errors`;
  const percentiles = (title: string, latency: Histogram): string => {
    const all = [50, 90, 99, 99.9].map(
      (each) => `p${String(each)} ${duration(latency.percentile(each))}`,
    );
    return `${title.padEnd(8)}${all.map((each) => each.padEnd(16)).join('')}`.trimEnd();
  };
  const done = doneIn(point);
  const late = point.late > 0 ? `, ${whole(point.late)} late` : '';
  const what = point.requests > 0 ? 'requests' : 'iterations';
  return [
    name,
    `${progress}  ${whole(point.vus)} users`,
    row('now', rate(done, seconds), done > 0 ? point.failed / done : 0, point.errors) + late,
    percentiles('', now),
    row(
      'so far',
      `${whole(soFar.done)} ${what}`,
      soFar.done > 0 ? soFar.failed / soFar.done : 0,
      soFar.errors,
    ),
    percentiles('', soFar.latency),
  ].map((line) => cut(line, WIDTH));
}

/** For a terminal: a bar, the last interval, and all of it so far, in place. */
export class TerminalView implements LiveView {
  readonly #plan: Plan;
  readonly #name: string;
  readonly #update: Update;
  readonly #latency = new Histogram();
  #last: Point | undefined = undefined;
  readonly #stream: NodeJS.WriteStream;
  #done = 0;
  #failed = 0;
  #errors = 0;

  private constructor(plan: Plan, name: string, stream: NodeJS.WriteStream, update: Update) {
    this.#plan = plan;
    this.#name = name;
    this.#stream = stream;
    this.#update = update;
  }

  get #columns(): number {
    return this.#stream.columns > 0 ? this.#stream.columns : WIDTH + 1;
  }

  static async open(plan: Plan, name: string, stream: NodeJS.WriteStream): Promise<TerminalView> {
    const { createLogUpdate } = await import('log-update');
    return new TerminalView(plan, name, stream, createLogUpdate(stream));
  }

  show(point: Point): void {
    this.#latency.add(Histogram.decode(point.latency));
    this.#done += doneIn(point);
    this.#failed += point.failed;
    this.#errors += point.errors;
    const lines = linesOf(this.#name, this.#plan, point, this.#last, {
      done: this.#done,
      failed: this.#failed,
      errors: this.#errors,
      latency: this.#latency,
    });
    this.#update(lines.map((line) => cut(line, this.#columns - 1)).join('\n'));
    this.#last = point;
  }

  end(): void {
    this.#update.clear();
  }
}
