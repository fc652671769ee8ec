import { checkInteger, checkObject, wrongType, wrongValue } from '../options';
import { milliseconds, perSecond } from './quantity';
import { checkStages, totalDuration, type Stage } from './stages';
import { parseThresholds, type Threshold, type ThresholdsByMetric } from './thresholds';

/** How much load, for how long. What is given on the command line overrides what a scenario exports. */
export interface LoadOptions {
  /** Virtual users: each does one iteration after the other. Default 10. */
  vus?: number;
  /** Iterations that begin a second, whatever becomes of those before: `5000` or `"5000/s"`. */
  rate?: number | string;
  /** How long iterations are begun: `"30s"`, or milliseconds. Default 10 s. */
  duration?: number | string;
  /** In what time the load rises evenly from nothing; a part of the duration. */
  ramp?: number | string;
  /** In place of `duration` and `ramp`: `[{ duration: '10s', target: 100 }]`, users, or with `rate` iterations a second. */
  stages?: string | readonly { duration: number | string; target: number | string }[];
  /** The end when so many iterations have been begun, by all users together. Default: any number. */
  iterations?: number;
  /** Virtual users that a rate may use, and those that may be asked for. Default 10,000; with `vus`, those. */
  maxVus?: number;
  /** Iterations a second that are not exceeded, in any model. Default: any. */
  maxRate?: number | string;
  /** How long iterations that are under way at the end may still take. Default 30 s. */
  gracefulStop?: number | string;
  /** How long a request may take. Default 60 s. */
  timeout?: number | string;
  /** Where relative URLs lead. Default: none. */
  target?: string;
  /** Whether TLS certificates are not verified. Default false. */
  insecure?: boolean;
  /** By metric, such as `http_req_duration` or `http_req_duration{name:login}`: `p(95)<200`, `rate<0.01`, … */
  thresholds?: ThresholdsByMetric;
  /** Added to every sample. */
  tags?: Readonly<Record<string, string>>;
}

/** What is to be done, checked: plain data that a worker thread can be given. */
export interface Plan {
  readonly model: 'closed' | 'open';
  /** Of users, or of iterations a second. */
  readonly stages: readonly Stage[];
  /** The level at which the first stage begins. */
  readonly start: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly iterations: number;
  readonly maxVus: number;
  /** A second. */
  readonly maxRate: number;
  /** Milliseconds. */
  readonly gracefulStop: number;
  /** Milliseconds. */
  readonly timeout: number;
  /** Seconds between the points of the series. */
  readonly interval: number;
  readonly target: string | undefined;
  readonly insecure: boolean;
  readonly thresholds: readonly Threshold[];
  readonly tags: Readonly<Record<string, string>>;
}

const DEFAULT_VUS = 10;
const DEFAULT_DURATION = 10_000;
const DEFAULT_MAX_VUS = 10_000;
const MOST_VUS = 1_000_000;
/** Points of a series, about. */
const POINTS = 300;

/**
 * Checks the options of a run.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function checkPlan(options: LoadOptions): Plan {
  checkObject('options', options);
  const model = options.rate === undefined ? 'closed' : 'open';
  const maxVus = options.maxVus ?? Math.max(DEFAULT_MAX_VUS, options.vus ?? 0);
  checkInteger('options.maxVus', maxVus, 1, MOST_VUS);
  const load = model === 'open' ? openLoad(options) : closedLoad(options, maxVus);
  const duration = totalDuration(load.stages);
  const { iterations = Infinity, target, insecure = false, tags = {} } = options;
  if (iterations !== Infinity) checkInteger('options.iterations', iterations, 1, 1e12);
  if (target !== undefined) checkTarget('options.target', target);
  if (typeof insecure !== 'boolean') throw wrongType('options.insecure', 'a boolean', insecure);
  return {
    model,
    ...load,
    duration,
    iterations,
    maxVus,
    maxRate: checkMaxRate(options.maxRate, model === 'open' ? highest(load) : 0),
    gracefulStop: milliseconds('options.gracefulStop', options.gracefulStop ?? 30_000),
    timeout: milliseconds('options.timeout', options.timeout ?? 60_000),
    interval: Math.max(1, Math.ceil(duration / 1000 / POINTS)),
    target,
    insecure,
    thresholds: parseThresholds('options.thresholds', options.thresholds ?? {}),
    tags: { ...tags },
  };
}

interface Load {
  readonly stages: readonly Stage[];
  readonly start: number;
}

function closedLoad(options: LoadOptions, maxVus: number): Load {
  const users = (name: string, value: unknown): number => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    checkInteger(name, number, 0, MOST_VUS);
    if (number > maxVus) {
      throw wrongValue(name, `at most ${String(maxVus)}, which maxVus allows`, number);
    }
    return number;
  };
  return loadOf(options, users('options.vus', options.vus ?? DEFAULT_VUS), users);
}

function openLoad(options: LoadOptions): Load {
  if (options.vus !== undefined) {
    throw wrongValue(
      'options.vus',
      'left out when there is a rate: maxVus limits the users',
      options.vus,
    );
  }
  return loadOf(options, perSecond('options.rate', options.rate), perSecond);
}

function loadOf(
  options: LoadOptions,
  level: number,
  checkLevel: (name: string, value: unknown) => number,
): Load {
  if (options.stages !== undefined) {
    for (const other of ['duration', 'ramp'] as const) {
      if (options[other] === undefined) continue;
      throw wrongValue(`options.${other}`, 'left out when there are stages', options[other]);
    }
    // With stages, the level is where they begin: nothing, unless it was given.
    const isGiven = options.vus !== undefined || options.rate !== undefined;
    return {
      stages: checkStages('options.stages', options.stages, checkLevel),
      start: isGiven ? level : 0,
    };
  }
  const duration = milliseconds('options.duration', options.duration ?? DEFAULT_DURATION);
  const ramp = milliseconds('options.ramp', options.ramp ?? 0);
  if (ramp > duration) throw wrongValue('options.ramp', 'at most the duration', options.ramp);
  const steady = { duration: duration - ramp, target: level };
  if (ramp === 0) return { stages: [steady], start: level };
  return { stages: [{ duration: ramp, target: level }, steady], start: 0 };
}

const highest = ({ stages, start }: Load): number =>
  Math.max(start, ...stages.map(({ target }) => target));

function checkMaxRate(value: number | string | undefined, wanted: number): number {
  if (value === undefined) return Infinity;
  const maxRate = perSecond('options.maxRate', value);
  if (maxRate === 0) throw wrongValue('options.maxRate', 'above 0', value);
  if (wanted > maxRate) {
    throw wrongValue(
      'options.rate',
      `at most ${String(maxRate)} a second, which maxRate allows`,
      wanted,
    );
  }
  return maxRate;
}

/**
 * A target has to be named in full: nothing is guessed about where load is to go.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function checkTarget(name: string, value: unknown): URL {
  const wanted = 'a URL in full, such as "http://127.0.0.1:3000/"';
  if (typeof value !== 'string') throw wrongType(name, wanted, value);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^(https?|wss?):$/.test(url.protocol))
    throw wrongValue(name, wanted, value);
  return url;
}

/** One of several that share a load: worker threads, machines. */
export interface Part {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** What is a part's of a number that all share. */
export function shareOf(total: number, { index, count }: Part): number {
  if (total === Infinity) return Infinity;
  return Math.floor(total / count) + (index < total % count ? 1 : 0);
}
