import { checkInteger, wrongValue } from 'greenfiber/lowlevel';

import type { Problems } from './problems';
import { milliseconds, perSecond } from './quantity';
import type { Tags } from './registry';
import { checkStages, highestLevel, totalDuration, type Stage } from './stages';

/** How much there is to do, for how long. */
export interface LevelOptions {
  /** Virtual users: each does one iteration after the other. Default 10. */
  vus?: number;
  /** Iterations that begin a second, whatever becomes of those before: `5000` or `"5000/s"`. */
  rate?: number | string;
  /** How long iterations are begun: `"30s"`, or milliseconds. Default 10 s; 10 min where iterations end it. */
  duration?: number | string;
  /** In what time the load rises evenly from nothing; a part of the duration. */
  ramp?: number | string;
  /** In place of `duration` and `ramp`: `[{ duration: '10s', target: 100 }]`, users, or with `rate` iterations a second. */
  stages?: string | readonly { duration: number | string; target: number | string }[];
  /** The end when so many iterations have been begun, by all users together. Default: any number. */
  iterations?: number;
  /** The end when each of the `vus` has begun so many. Default: any number. */
  iterationsPerVu?: number;
  /** Virtual users that a rate may use, and those that may be asked for. Default 10,000; with `vus`, those. */
  maxVus?: number;
  /** Iterations a second that are not exceeded, in any model. Default: any. */
  maxRate?: number | string;
  /** How long iterations that are under way at the end may still take. Default 30 s. */
  gracefulStop?: number | string;
}

/** All there are: a misspelt option would be a load that nobody asked for. */
export const LEVEL_OPTIONS: readonly string[] = Object.keys({
  vus: true,
  rate: true,
  duration: true,
  ramp: true,
  stages: true,
  iterations: true,
  iterationsPerVu: true,
  maxVus: true,
  maxRate: true,
  gracefulStop: true,
} satisfies Record<keyof LevelOptions, true>);

/** What an iteration does: one of the scenario's functions. */
export interface Flow {
  /** Undefined where there are no scenarios with names. */
  readonly name: string | undefined;
  /** The function, as it is exported. */
  readonly exec: string;
  /** Of the iterations of its load, in proportion to the others. */
  readonly weight: number;
  /** Added to every sample. */
  readonly tags: Tags;
}

/** Users of their own, or arrivals, and what they do. */
export interface Load {
  readonly model: 'closed' | 'open';
  /** Of users, or of iterations a second. */
  readonly stages: readonly Stage[];
  /** The level at which the first stage begins. */
  readonly start: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Milliseconds from the beginning of the run. */
  readonly startTime: number;
  readonly iterations: number;
  readonly iterationsPerVu: number;
  readonly maxVus: number;
  /** A second. */
  readonly maxRate: number;
  /** Milliseconds. */
  readonly gracefulStop: number;
  readonly flows: readonly Flow[];
}

const DEFAULT_VUS = 10;
const DEFAULT_DURATION = 10_000;
/** Where a number of iterations is the end. */
const LONGEST_BY_DEFAULT = 600_000;
const DEFAULT_MAX_VUS = 10_000;
const MOST_VUS = 1_000_000;

/**
 * Checks how much there is to do.
 *
 * @param where - the name of the options
 * @param problems - told of what is wrong: {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function checkLoad(
  where: string,
  options: LevelOptions,
  problems: Problems,
): Omit<Load, 'flows' | 'startTime'> {
  const model = options.rate === undefined ? 'closed' : 'open';
  const maxVus = problems.try(() => checkMaxVus(where, options)) ?? MOST_VUS;
  const level = problems.try(() =>
    model === 'open' ? openLevel(where, options) : closedLevel(where, options, maxVus),
  ) ?? { stages: [], start: 0 };
  const wanted = model === 'open' ? highestLevel(level) : 0;
  const { iterations, iterationsPerVu } = options;
  for (const [name, value] of Object.entries({ iterations, iterationsPerVu })) {
    problems.try(() => {
      if (value !== undefined) checkInteger(`${where}.${name}`, value, 1, 1e12);
    });
  }
  problems.try(() => {
    checkPerVu(where, options);
  });
  return {
    model,
    ...level,
    duration: totalDuration(level.stages),
    iterations:
      iterations ?? (iterationsPerVu === undefined ? Infinity : iterationsPerVu * level.start),
    iterationsPerVu: iterationsPerVu ?? Infinity,
    maxVus,
    maxRate: problems.try(() => checkMaxRate(where, options.maxRate, wanted)) ?? Infinity,
    gracefulStop:
      problems.try(() => milliseconds(`${where}.gracefulStop`, options.gracefulStop ?? 30_000)) ??
      0,
  };
}

/** Users that come and go cannot each do a number. */
function checkPerVu(where: string, options: LevelOptions): void {
  if (options.iterationsPerVu === undefined) return;
  for (const other of ['rate', 'ramp', 'stages', 'iterations'] as const) {
    if (options[other] === undefined) continue;
    const wanted = 'left out when there are iterationsPerVu, which a fixed number of vus does';
    throw wrongValue(`${where}.${other}`, wanted, options[other]);
  }
}

function checkMaxVus(where: string, { maxVus, vus }: LevelOptions): number {
  const number = maxVus ?? Math.max(DEFAULT_MAX_VUS, typeof vus === 'number' ? vus : 0);
  checkInteger(`${where}.maxVus`, number, 1, MOST_VUS);
  return number;
}

type Level = Pick<Load, 'stages' | 'start'>;

function closedLevel(where: string, options: LevelOptions, maxVus: number): Level {
  const users = (name: string, value: unknown): number => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    checkInteger(name, number, 0, MOST_VUS);
    if (number > maxVus) {
      throw wrongValue(name, `at most ${String(maxVus)}, which maxVus allows`, number);
    }
    return number;
  };
  return levelOf(where, options, users(`${where}.vus`, options.vus ?? DEFAULT_VUS), users);
}

function openLevel(where: string, options: LevelOptions): Level {
  if (options.vus !== undefined) {
    throw wrongValue(
      `${where}.vus`,
      'left out when there is a rate: maxVus limits the users',
      options.vus,
    );
  }
  return levelOf(where, options, perSecond(`${where}.rate`, options.rate), perSecond);
}

function levelOf(
  where: string,
  options: LevelOptions,
  level: number,
  checkLevel: (name: string, value: unknown) => number,
): Level {
  if (options.stages !== undefined) {
    for (const other of ['duration', 'ramp'] as const) {
      if (options[other] === undefined) continue;
      throw wrongValue(`${where}.${other}`, 'left out when there are stages', options[other]);
    }
    // With stages, the level is where they begin: nothing, unless it was given.
    const isGiven = options.vus !== undefined || options.rate !== undefined;
    return {
      stages: checkStages(`${where}.stages`, options.stages, checkLevel),
      start: isGiven ? level : 0,
    };
  }
  const isEndless = (options.iterations ?? options.iterationsPerVu) === undefined;
  const byDefault = isEndless ? DEFAULT_DURATION : LONGEST_BY_DEFAULT;
  const duration = milliseconds(`${where}.duration`, options.duration ?? byDefault);
  const ramp = milliseconds(`${where}.ramp`, options.ramp ?? 0);
  if (ramp > duration) throw wrongValue(`${where}.ramp`, 'at most the duration', options.ramp);
  const steady = { duration: duration - ramp, target: level };
  if (ramp === 0) return { stages: [steady], start: level };
  return { stages: [{ duration: ramp, target: level }, steady], start: 0 };
}

function checkMaxRate(where: string, value: number | string | undefined, wanted: number): number {
  if (value === undefined) return Infinity;
  const maxRate = perSecond(`${where}.maxRate`, value);
  if (maxRate === 0) throw wrongValue(`${where}.maxRate`, 'above 0', value);
  if (wanted > maxRate) {
    throw wrongValue(
      `${where}.rate`,
      `at most ${String(maxRate)} a second, which maxRate allows`,
      wanted,
    );
  }
  return maxRate;
}
