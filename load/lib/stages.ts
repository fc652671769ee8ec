import { wrongType, wrongValue } from 'greenfiber/lowlevel';

import { milliseconds } from './quantity';

/** During `duration` milliseconds the level goes evenly to `target`: virtual users, or iterations a second. */
export interface Stage {
  readonly duration: number;
  readonly target: number;
}

/**
 * Stages as text, `10s:100,1m:500,10s:0`, or as objects `{ duration: '10s', target: 100 }`.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function checkStages(
  name: string,
  value: unknown,
  level: (name: string, value: unknown) => number,
): Stage[] {
  const parts: unknown = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(parts)) throw wrongType(name, 'stages such as "10s:100,1m:500"', value);
  if (parts.length === 0) throw wrongValue(name, 'at least one stage', value);
  return parts.map((part: unknown, index) => {
    const at = `${name}[${String(index)}]`;
    const [duration, target] =
      typeof part === 'string'
        ? splitOnce(part)
        : [(part as Partial<Stage> | null)?.duration, (part as Partial<Stage> | null)?.target];
    return {
      duration: milliseconds(`${at}.duration`, duration),
      target: level(`${at}.target`, target),
    };
  });
}

function splitOnce(part: string): [string, string] {
  const [duration = '', ...rest] = part.trim().split(':');
  return [duration, rest.join(':')];
}

export function totalDuration(stages: readonly Stage[]): number {
  return stages.reduce((sum, { duration }) => sum + duration, 0);
}

/** The highest level there ever is. */
export function highestLevel(load: { stages: readonly Stage[]; start: number }): number {
  return Math.max(load.start, ...load.stages.map(({ target }) => target));
}

/** The level `at` milliseconds after the first stage began at the level `start`. */
export function levelAt(stages: readonly Stage[], start: number, at: number): number {
  let from = start;
  let left = at;
  for (const { duration, target } of stages) {
    if (left < duration) return from + ((target - from) * left) / duration;
    left -= duration;
    from = target;
  }
  return from;
}

/**
 * When iterations are to begin, fixed in advance: the `k`th one when the area below the level is `k`. An arrival
 * schedule does not wait for the system under test (Schroeder et al., "Open versus closed: a cautionary tale",
 * NSDI 2006).
 */
export class Arrivals {
  readonly #stages: readonly Stage[];
  readonly #first: number;
  readonly #step: number;
  /** Of the stage under way: its number, when it began, at which level, how many arrivals were before it. */
  #stage = 0;
  #begun = 0;
  #from: number;
  #before = 0;
  #next: number;

  /**
   * @param first - the first arrival that is ours
   * @param step - and every so many after it
   */
  constructor(stages: readonly Stage[], start: number, first = 0, step = 1) {
    this.#stages = stages;
    this.#from = start;
    this.#first = first;
    this.#step = step;
    this.#next = this.#timeOf(first);
  }

  /** Milliseconds from the start at which the next one is due; `Infinity` when there is none. */
  get next(): number {
    return this.#next;
  }

  /** Arrivals that were taken. */
  taken = 0;

  /** Takes the next one, and returns when it was due. */
  take(): number {
    const due = this.#next;
    this.taken++;
    this.#next = this.#timeOf(this.#first + this.taken * this.#step);
    return due;
  }

  #timeOf(arrival: number): number {
    for (;;) {
      const stage = this.#stages[this.#stage];
      if (stage === undefined) return Infinity;
      const { duration, target } = stage;
      const area = ((this.#from + target) / 2 / 1000) * duration;
      const wanted = arrival - this.#before;
      // The last instant belongs to the stage that follows.
      if (wanted < area - 1e-9) return this.#begun + this.#inStage(wanted, duration, target);
      this.#before += area;
      this.#begun += duration;
      this.#from = target;
      this.#stage++;
    }
  }

  /** Solves `from t + (target - from) t² / 2 duration = wanted` for t, without losing digits. */
  #inStage(wanted: number, duration: number, target: number): number {
    const from = this.#from / 1000;
    const slope = (target - this.#from) / 1000 / duration;
    return (2 * wanted) / (from + Math.sqrt(from * from + 2 * slope * wanted)) || 0;
  }
}
