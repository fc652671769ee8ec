import { duration, percent, rate, whole } from './format';
import { Histogram } from './histogram';
import type { Plan } from './plan';
import type { Point } from './timeline';

/** Shows a run while it goes on. */
export interface LiveView {
  show(point: Point): void;
  end(): void;
}

const BAR = 30;

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

/** For a terminal: a bar, the last interval, and all of it so far, in place. */
export class TerminalView implements LiveView {
  readonly #plan: Plan;
  readonly #name: string;
  readonly #update: Update;
  readonly #latency = new Histogram();
  #last: Point | undefined = undefined;
  #requests = 0;
  #failed = 0;

  private constructor(plan: Plan, name: string, update: Update) {
    this.#plan = plan;
    this.#name = name;
    this.#update = update;
  }

  static async open(plan: Plan, name: string, stream: NodeJS.WriteStream): Promise<TerminalView> {
    const { createLogUpdate } = await import('log-update');
    return new TerminalView(plan, name, createLogUpdate(stream));
  }

  show(point: Point): void {
    this.#latency.add(Histogram.decode(point.latency));
    this.#requests += point.requests;
    this.#failed += point.failed;
    const share = Math.min(1, (point.at * 1000) / Math.max(1, this.#plan.duration));
    const filled = Math.round(share * BAR);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
    const all = [50, 90, 99, 99.9].map(
      (percentile) => `p${String(percentile)} ${duration(this.#latency.percentile(percentile))}`,
    );
    const requests = `${whole(this.#requests)} requests, ${whole(this.#failed)} failed`;
    this.#update(
      [
        `${this.#name}  ${bar} ${percent(Number(share.toFixed(2)))}`,
        `now    ${lineOf(point, this.#last, this.#plan)}`,
        `so far ${requests}  ${all.join('  ')}`,
      ].join('\n'),
    );
    this.#last = point;
  }

  end(): void {
    this.#update.clear();
  }
}
