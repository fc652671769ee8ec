import { checkObject, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { knownNames, typeOf } from './metric-names';
import { nearest, type Problems } from './problems';
import { milliseconds } from './quantity';
import {
  hasTags,
  type Metric,
  type MetricType,
  type Registry,
  type Tags,
  type TrendSeries,
} from './registry';
import { malformed, readThreshold, type Operator } from './threshold-grammar';

/** An expression, and whether the run is to end when it does not hold. */
export interface ThresholdOptions {
  readonly threshold: string;
  /** Ends the run as soon as it does not hold at the end of an interval; default false. */
  readonly abortOnFail?: boolean;
  /** How long that is not asked, `"10s"` or milliseconds; default 0. */
  readonly delayAbortEval?: number | string;
}

type Given = string | ThresholdOptions;

/** Expressions by metric: `{ http_req_duration: ['p(95)<200'], 'checks{check:status}': 'rate>0.99' }`. */
export type ThresholdsByMetric = Readonly<Record<string, Given | readonly Given[]>>;

/** A bound for a figure of a metric. */
export interface Threshold {
  /** With tags, as it was written. */
  readonly metric: string;
  readonly expression: string;
  /** After so many milliseconds it ends the run when it does not hold; undefined where it never does. */
  readonly abortAfter?: number;
}

/** A threshold and what became of it. */
export interface ThresholdResult extends Threshold {
  /** The figure; undefined when there is no such metric. */
  readonly value: number | undefined;
  readonly passed: boolean;
}

const OPERATORS: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '===': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** What can be asked of a metric, besides the percentiles of a trend. */
const FIGURES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ['count', 'rate'],
  gauge: ['value', 'min', 'max'],
  rate: ['rate', 'count'],
  trend: ['count', 'min', 'max', 'avg', 'med'],
};

/**
 * Checks thresholds, whose form is k6's: {@link readThreshold}. The metric has to be one that is recorded anyway, or
 * that was made before the run, and to have the figure.
 *
 * @param problems - told of each that is wrong: {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function parseThresholds(
  name: string,
  thresholds: ThresholdsByMetric,
  problems: Problems,
): Threshold[] {
  if (
    !problems.holds(() => {
      checkObject(name, thresholds);
    })
  )
    return [];
  return Object.entries(thresholds).flatMap(([metric, expressions]) =>
    ([expressions] as unknown[]).flat().flatMap((expression) => {
      const where = `${name}[${JSON.stringify(metric)}]`;
      return problems.try(() => parseThreshold(where, metric, expression)) ?? [];
    }),
  );
}

function parseThreshold(where: string, metric: string, given: unknown): Threshold {
  const { threshold, ...rest } = (
    typeof given === 'object' && given !== null ? given : { threshold: given }
  ) as Partial<ThresholdOptions>;
  if (typeof threshold !== 'string') throw wrongType(where, 'text such as "p(95)<200"', threshold);
  const expression = threshold.trim();
  const abort = abortOf(where, rest);
  const { name, figure } = readThreshold(where, metric, expression);
  const type = typeOf(name);
  if (type === undefined) {
    const remedy = 'make it where the scenario is loaded, new Trend(name) for what measure records';
    throw wrongValue(
      where,
      `about a metric that there is${nearest(name, knownNames())}, or ${remedy}`,
      name,
    );
  }
  const isKnown = FIGURES[type].includes(figure) || (type === 'trend' && figure.startsWith('p('));
  if (!isKnown) {
    const all = FIGURES[type].join(', ') + (type === 'trend' ? ', p(N)' : '');
    throw wrongValue(where, `about a figure that a ${type} has (${all})`, expression);
  }
  return { metric, expression, ...abort };
}

function abortOf(where: string, options: Partial<ThresholdOptions>): { abortAfter?: number } {
  const { abortOnFail = false, delayAbortEval = 0, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw wrongValue(where, 'of threshold, abortOnFail and delayAbortEval', unknown);
  }
  if (typeof (abortOnFail as unknown) !== 'boolean') {
    throw wrongType(`${where}.abortOnFail`, 'a boolean', abortOnFail);
  }
  const abortAfter = milliseconds(`${where}.delayAbortEval`, delayAbortEval);
  return abortOnFail ? { abortAfter } : {};
}

/** The same threshold for the samples of one scenario alone. */
export function inScenario(threshold: Threshold, name: string): Threshold {
  const [, metric = '', tags = ''] = /^([^{]*)\{(.*)\}\s*$/s.exec(threshold.metric) ?? [
    '',
    threshold.metric,
  ];
  const all = [`scenario:${name}`, ...(tags === '' ? [] : [tags])].join(',');
  return { ...threshold, metric: `${metric.trim()}{${all}}` };
}

/** The threshold that is to end the run now, after so many milliseconds; undefined when none is. */
export function crossed(
  thresholds: readonly Threshold[],
  registry: Registry,
  elapsed: number,
): Threshold | undefined {
  const due = thresholds.filter(({ abortAfter = Infinity }) => elapsed >= abortAfter);
  return judge(due, registry, elapsed / 1000).find(
    ({ value, passed }) => value !== undefined && !passed,
  );
}

/** Tags that thresholds ask for, by metric. */
export function watchedTags(thresholds: readonly Threshold[]): Map<string, Tags[]> {
  const watched = new Map<string, Tags[]>();
  for (const { metric, expression } of thresholds) {
    const { name, tags } = readThreshold('threshold', metric, expression);
    watched.set(name, [...(watched.get(name) ?? []), tags]);
  }
  return watched;
}

/**
 * A comma in a value without quotes belongs to it when something was recorded under such a value; else another tag was
 * meant, and has no value.
 *
 * @returns what is wrong; undefined when nothing is
 */
export function ambiguous(thresholds: readonly Threshold[], registry: Registry): Error | undefined {
  for (const { metric, expression } of thresholds) {
    const { name, tags, isAmbiguous } = readThreshold('threshold', metric, expression);
    if (!isAmbiguous) continue;
    const all = [...(registry.metrics.get(name)?.series.values() ?? [])];
    if (all.some((series) => hasTags(series.tags, tags))) continue;
    return malformed(`thresholds[${JSON.stringify(metric)}]`, metric);
  }
  return undefined;
}

/** What became of the thresholds. One whose metric was never recorded, or knows no such figure, has not
 * passed; but what is counted, and never came, came 0 times. */
export function judge(
  thresholds: readonly Threshold[],
  registry: Registry,
  seconds: number,
): ThresholdResult[] {
  return thresholds.map((threshold) => {
    const { name, tags, figure, operator, bound } = readThreshold(
      'threshold',
      threshold.metric,
      threshold.expression,
    );
    const metric = registry.metrics.get(name);
    const value =
      metric === undefined ? unrecorded(name, figure) : figureOf(metric, tags, figure, seconds);
    return {
      ...threshold,
      value,
      passed: value !== undefined && OPERATORS[operator](value, bound),
    };
  });
}

/** Of what never came. */
function unrecorded(name: string, figure: string): number | undefined {
  return typeOf(name) === 'counter' && FIGURES.counter.includes(figure) ? 0 : undefined;
}

function figureOf(metric: Metric, tags: Tags, figure: string, seconds: number): number | undefined {
  const total = metric.total(tags);
  switch (total.type) {
    case 'counter':
      return { count: total.sum, rate: seconds > 0 ? total.sum / seconds : 0 }[figure];
    case 'gauge':
      return { value: total.last, min: total.min, max: total.max }[figure];
    case 'rate':
      return total.total === 0 ? undefined : { rate: total.rate, count: total.passed }[figure];
    case 'trend':
      return ofTrend(total, figure);
  }
}

function ofTrend({ histogram }: TrendSeries, figure: string): number | undefined {
  if (histogram.count === 0) return figure === 'count' ? 0 : undefined;
  const percentile = /^p\((.*)\)$/.exec(figure)?.[1];
  if (percentile !== undefined) return histogram.percentile(Number(percentile));
  const { count, min, max, mean } = histogram;
  return { count, min, max, avg: mean, med: histogram.percentile(50) }[figure];
}
