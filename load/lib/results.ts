import { FiberError } from 'greenfiber';

import type { Part } from './part';
import type { Plan } from './plan';
import type { ErrorCount, Recorder } from './recorder';
import { Registry, type MetricData } from './registry';
import { watchedTags, type Threshold } from './thresholds';
import { mergePoints, type Point } from './timeline';

/** What {@link Results.format} says. */
export const RESULTS_FORMAT = 'greenfiber-load/1';

/**
 * What a run has measured, as JSON. Nothing in it is final: distributions are kept as histograms, so those of several
 * threads and machines merge without loss.
 */
export interface Results {
  readonly format: typeof RESULTS_FORMAT;
  /** What was run: a URL, or the name of a file. */
  readonly name: string;
  /** `mixed` where scenarios have both. */
  readonly model: 'closed' | 'open' | 'mixed';
  /** When the load began, as an ISO date. */
  readonly started: string;
  /** How long iterations were begun. */
  readonly seconds: number;
  /** Seconds between two points. */
  readonly interval: number;
  /** The shards that it is made of, as `1/3`. */
  readonly shards: readonly string[];
  /** Threads. */
  readonly workers: number;
  /** Whether it was ended before its time. */
  readonly interrupted: boolean;
  /** The threshold that ended it, if one did: metric and expression. */
  readonly endedBy?: string;
  readonly thresholds: readonly Threshold[];
  readonly metrics: readonly MetricData[];
  readonly errors: readonly ErrorCount[];
  readonly points: readonly Point[];
}

/** What a thread has measured. @internal */
export function resultsOf(
  { plan, name, part }: { plan: Plan; name: string; part: Part },
  recorder: Pick<Recorder, 'errors'> & { registry: Registry; timeline: { points: Point[] } },
  started: string,
  seconds: number,
  interrupted: boolean,
): Results {
  return {
    format: RESULTS_FORMAT,
    name,
    model: plan.model,
    started,
    seconds,
    interval: plan.interval,
    shards: [`${String(part.index + 1)}/${String(part.count)}`],
    workers: 1,
    interrupted,
    thresholds: plan.thresholds,
    metrics: recorder.registry.data(),
    errors: recorder.errors(),
    points: [...recorder.timeline.points],
  };
}

/** Of a run that did not come to its load. @internal */
export function noResults(
  job: { plan: Plan; name: string; part: Part },
  interrupted: boolean,
): Results {
  const nothing = { registry: new Registry(), timeline: { points: [] }, errors: () => [] };
  return resultsOf(job, nothing, new Date().toISOString(), 0, interrupted);
}

/** What has been measured, to ask for figures. */
export function registryOf(results: Results): Registry {
  const registry = new Registry(watchedTags(results.thresholds));
  registry.merge(results.metrics);
  return registry;
}

/**
 * Several parts' results as those of one run: counts are added, histograms merged, and the points of the same interval
 * put together.
 *
 * @throws {@link FiberError} `ERR_LOAD_RESULTS` when there are none, or they are not of one run
 */
export function mergeResults(parts: readonly Results[]): Results {
  const [first] = parts;
  if (first === undefined)
    throw new FiberError('ERR_LOAD_RESULTS', 'There are no results to merge');
  for (const part of parts) {
    if (part.interval === first.interval && part.model === first.model) continue;
    throw new FiberError(
      'ERR_LOAD_RESULTS',
      'The results are not of one run: run all shards with the same scenario and options',
    );
  }
  const shards = parts.flatMap((part) => part.shards);
  return {
    format: RESULTS_FORMAT,
    name: first.name,
    model: first.model,
    started: parts.map(({ started }) => started).sort()[0] ?? first.started,
    seconds: Math.max(...parts.map(({ seconds }) => seconds)),
    interval: first.interval,
    shards: [...new Set(shards)].sort(),
    workers: parts.reduce((sum, { workers }) => sum + workers, 0),
    interrupted: parts.some(({ interrupted }) => interrupted),
    ...endedBy(parts),
    thresholds: first.thresholds,
    metrics: mergeMetrics(parts),
    errors: mergeErrors(parts),
    points: mergeAllPoints(parts),
  };
}

function endedBy(parts: readonly Results[]): Pick<Results, 'endedBy'> {
  const by = parts.flatMap((part) => part.endedBy ?? [])[0];
  return by === undefined ? {} : { endedBy: by };
}

function mergeMetrics(parts: readonly Results[]): MetricData[] {
  const registry = new Registry(watchedTags(parts[0]?.thresholds ?? []));
  for (const { metrics } of parts) registry.merge(metrics);
  return registry.data();
}

function mergeErrors(parts: readonly Results[]): ErrorCount[] {
  const merged = new Map<string, ErrorCount>();
  for (const each of parts.flatMap(({ errors }) => errors)) {
    const key = `${each.kind} ${each.message}`;
    merged.set(key, { ...each, count: each.count + (merged.get(key)?.count ?? 0) });
  }
  return [...merged.values()];
}

function mergeAllPoints(parts: readonly Results[]): Point[] {
  const most = Math.max(...parts.map(({ points }) => points.length));
  return Array.from({ length: most }, (_, index) =>
    mergePoints(parts.flatMap(({ points }) => points[index] ?? [])),
  );
}

/**
 * Checks what was read from a file.
 *
 * @throws {@link FiberError} `ERR_LOAD_RESULTS`
 */
export function checkResults(value: unknown, where: string): Results {
  const { format } = (value ?? {}) as Partial<Results>;
  if (format === RESULTS_FORMAT) return value as Results;
  throw new FiberError(
    'ERR_LOAD_RESULTS',
    `${where} is not what \`greenfiber load --json\` writes (format ${RESULTS_FORMAT})`,
  );
}
