import { FiberError } from 'greenfiber';

import { duration, percent, rate } from './format';
import { Histogram } from './histogram';
import type { Results } from './results';
import { wholeIntervals, type Point } from './timeline';

/** How one figure of the second run differs from that of the first. */
export interface Change {
  readonly figure: string;
  readonly before: number;
  readonly after: number;
  /** Of the figure, as a share of what it was: 0.1 is a tenth more. For shares, the difference itself. */
  readonly change: number;
  /** Between these the change lies in 95 of 100 cases. */
  readonly low: number;
  readonly high: number;
  /** In how many of all cases the second run is worse, from 0 to 1. */
  readonly worse: number;
  readonly verdict: 'better' | 'worse' | 'no difference';
}

/** Intervals that a run needs at least: what varies from one to the next says how sure a difference is. */
const FEWEST = 5;
const RESAMPLES = 1000;
/** Values of each interval's distribution that stand for it. */
const GRID = 200;

/** A figure of a run, from intervals that may come several times. */
interface Figure {
  readonly name: string;
  readonly isHigherWorse: boolean;
  /** Whether it is a share, and compared by the difference. */
  readonly isShare: boolean;
  of(sample: Sample, times: Uint16Array): number;
  text(value: number): string;
}

const FIGURES: readonly Figure[] = [
  ...[50, 95, 99].map((percentile): Figure => ({
    name: `p${String(percentile)}`,
    isHigherWorse: true,
    isShare: false,
    of: (sample, times) => sample.percentile(percentile / 100, times),
    text: duration,
  })),
  {
    name: 'a second',
    isHigherWorse: false,
    isShare: false,
    of: (sample, times) => sample.ratio('done', 'seconds', times),
    text: (value) => rate(value, 1),
  },
  {
    name: 'failed',
    isHigherWorse: true,
    isShare: true,
    of: (sample, times) => sample.ratio('failed', 'done', times),
    text: percent,
  },
];

/**
 * Compares two runs, figure by figure, and says how sure the difference is: by what comes out when intervals are drawn at
 * random from those that there are, again and again (a bootstrap). It knows how a run varies in itself, not how two runs
 * of the same vary.
 *
 * @throws {@link FiberError} `ERR_LOAD_RESULTS` when a run is too short to tell
 */
export function compareResults(before: Results, after: Results): Change[] {
  const [a, b] = [new Sample(before), new Sample(after)];
  const random = generator(1);
  const draws = Array.from({ length: RESAMPLES }, () => [a.draw(random), b.draw(random)] as const);
  return FIGURES.map((figure) => {
    const changeOf = (x: Uint16Array, y: Uint16Array): number => {
      const [was, is] = [figure.of(a, x), figure.of(b, y)];
      return figure.isShare || was === 0 ? is - was : is / was - 1;
    };
    const changes = draws.map(([x, y]) => changeOf(x, y)).sort((x, y) => x - y);
    const at = (share: number): number => changes[Math.floor(share * (RESAMPLES - 1))] ?? 0;
    const [low, high] = [at(0.025), at(0.975)];
    const isWorse = (change: number): boolean => (figure.isHigherWorse ? change > 0 : change < 0);
    const isSure = low > 0 || high < 0;
    return {
      figure: figure.name,
      before: figure.of(a, a.all),
      after: figure.of(b, b.all),
      change: changeOf(a.all, b.all),
      low,
      high,
      worse: changes.filter(isWorse).length / RESAMPLES,
      verdict: !isSure ? 'no difference' : isWorse(low) ? 'worse' : 'better',
    };
  });
}

/** The comparison as text, ending in a newline. */
export function comparisonText(
  before: Results,
  after: Results,
  changes: readonly Change[],
): string {
  const lines = changes.map((each) => {
    const { figure, before: was, after: is, span, sure } = changeTexts(each);
    return `  ${figure.padEnd(9)} ${was} → ${is}  ${span}  ${sure}`;
  });
  return `${before.name} → ${after.name}\n\n${lines.join('\n')}\n`;
}

/** A change in words. */
export function changeTexts(
  change: Change,
): Record<'figure' | 'before' | 'after' | 'span' | 'sure', string> {
  const { figure, verdict } = change;
  const { text, isShare } = FIGURES.find(({ name }) => name === figure) ?? {};
  const show = (value: number): string => text?.(value) ?? String(value);
  const signed = (value: number): string =>
    `${value < 0 ? '' : '+'}${percent(value)}${isShare === true ? ' points' : ''}`;
  return {
    figure,
    before: show(change.before),
    after: show(change.after),
    span: `${signed(change.change)} (${signed(change.low)} … ${signed(change.high)})`,
    sure: verdict === 'no difference' ? verdict : sureness(change),
  };
}

function sureness({ verdict, worse }: Change): string {
  const sure = verdict === 'worse' ? worse : 1 - worse;
  return `${verdict}, ${sure > 0.999 ? 'more than 99.9%' : percent(sure)} sure`;
}

/** The intervals of a run. */
class Sample {
  /** Every interval once. */
  readonly all: Uint16Array;
  readonly #intervals: { done: number; failed: number; seconds: number }[];
  /** Values with the interval that each is of, and how many it stands for, from the smallest on. */
  readonly #values: { value: number; interval: number; weight: number }[];

  constructor(results: Results) {
    const points = wholeIntervals(results);
    if (points.length < FEWEST) {
      throw new FiberError(
        'ERR_LOAD_RESULTS',
        `${results.name} has ${String(points.length)} intervals of ${String(results.interval)} s, and ${String(FEWEST)} are the fewest to tell how it varies: run it longer`,
      );
    }
    this.all = new Uint16Array(points.length).fill(1);
    const isHttp = points.some(({ requests }) => requests > 0);
    this.#intervals = points.map((point, index) => ({
      done: isHttp ? point.requests : point.iterations,
      failed: point.failed,
      seconds: point.at - (points[index - 1]?.at ?? 0),
    }));
    this.#values = points.flatMap(valuesOf).sort((a, b) => a.value - b.value);
  }

  /** As many intervals as there are, each drawn at random: how often each was. */
  draw(random: () => number): Uint16Array {
    const times = new Uint16Array(this.all.length);
    for (let left = times.length; left > 0; left--) {
      const drawn = Math.floor(random() * times.length);
      times[drawn] = (times[drawn] ?? 0) + 1;
    }
    return times;
  }

  percentile(share: number, times: Uint16Array): number {
    let total = 0;
    for (const { interval, weight } of this.#values) total += weight * (times[interval] ?? 0);
    let below = 0;
    for (const { value, interval, weight } of this.#values) {
      below += weight * (times[interval] ?? 0);
      if (below >= share * total && below > 0) return value;
    }
    return 0;
  }

  ratio(above: 'done' | 'failed', below: 'done' | 'seconds', times: Uint16Array): number {
    let [sum, of] = [0, 0];
    for (const [index, interval] of this.#intervals.entries()) {
      sum += interval[above] * (times[index] ?? 0);
      of += interval[below] * (times[index] ?? 0);
    }
    return of === 0 ? 0 : sum / of;
  }
}

function valuesOf(
  { latency }: Point,
  interval: number,
): { value: number; interval: number; weight: number }[] {
  const histogram = Histogram.decode(latency);
  const { count } = histogram;
  if (count === 0) return [];
  const steps = Math.min(GRID, count);
  return Array.from({ length: steps }, (_, step) => ({
    value: histogram.percentile((100 * (step + 0.5)) / steps),
    interval,
    weight: count / steps,
  }));
}

/**
 * Numbers from 0 to 1 that are the same every time: Mulberry32, as in greenfiber's lib/base/random.ts, which is not public.
 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
