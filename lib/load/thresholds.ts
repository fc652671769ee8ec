import { checkObject, wrongType, wrongValue } from '../options';
import type { Metric, Registry, Tags, TrendSeries } from './registry';

/** Expressions by metric: `{ http_req_duration: ['p(95)<200'], 'checks{check:status}': 'rate>0.99' }`. */
export type ThresholdsByMetric = Readonly<Record<string, string | readonly string[]>>;

/** A bound for a figure of a metric. */
export interface Threshold {
  /** With tags, as it was written. */
  readonly metric: string;
  readonly expression: string;
}

/** A threshold and what became of it. */
export interface ThresholdResult extends Threshold {
  /** The figure; undefined when there is no such metric. */
  readonly value: number | undefined;
  readonly passed: boolean;
}

interface Parsed {
  readonly name: string;
  readonly tags: Tags;
  readonly figure: string;
  readonly operator: keyof typeof OPERATORS;
  readonly bound: number;
}

const OPERATORS = {
  '<=': (a: number, b: number) => a <= b,
  '>=': (a: number, b: number) => a >= b,
  '<': (a: number, b: number) => a < b,
  '>': (a: number, b: number) => a > b,
  '===': (a: number, b: number) => a === b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
};

const METRIC = /^([\w.-]+)(?:\{([^{}]*)\})?$/;
const EXPRESSION =
  /^(count|rate|value|min|max|avg|med|p\(\s*\d+(?:\.\d+)?\s*\))\s*(<=|>=|===|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)$/;

/**
 * Checks thresholds, whose form is k6's.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function parseThresholds(name: string, thresholds: ThresholdsByMetric): Threshold[] {
  checkObject(name, thresholds);
  return Object.entries(thresholds).flatMap(([metric, expressions]) =>
    [expressions].flat().map((expression: unknown) => {
      const where = `${name}[${JSON.stringify(metric)}]`;
      if (typeof expression !== 'string')
        throw wrongType(where, 'text such as "p(95)<200"', expression);
      const threshold = { metric, expression: expression.trim() };
      parse(where, threshold);
      return threshold;
    }),
  );
}

function parse(where: string, { metric, expression }: Threshold): Parsed {
  const target = METRIC.exec(metric);
  if (target === null) {
    throw wrongValue(
      where,
      'named as "http_req_duration" or "http_req_duration{name:login}"',
      metric,
    );
  }
  const parts = EXPRESSION.exec(expression);
  if (parts === null) {
    const wanted =
      'a figure (count, rate, value, min, max, avg, med, p(N)) with a bound, such as "p(95)<200"';
    throw wrongValue(where, wanted, expression);
  }
  const [, figure = '', operator = '<', bound] = parts;
  return {
    name: target[1] ?? '',
    tags: Object.fromEntries(
      (target[2] ?? '')
        .split(',')
        .filter((tag) => tag.includes(':'))
        .map((tag) => [
          tag.slice(0, tag.indexOf(':')).trim(),
          tag.slice(tag.indexOf(':') + 1).trim(),
        ]),
    ),
    figure: figure.replaceAll(/\s/g, ''),
    operator: operator as keyof typeof OPERATORS,
    bound: Number(bound),
  };
}

/** What became of the thresholds. One whose metric was never recorded, or knows no such figure, has not passed. */
export function judge(
  thresholds: readonly Threshold[],
  registry: Registry,
  seconds: number,
): ThresholdResult[] {
  return thresholds.map((threshold) => {
    const { name, tags, figure, operator, bound } = parse('threshold', threshold);
    const metric = registry.metrics.get(name);
    const value = metric && figureOf(metric, tags, figure, seconds);
    return {
      ...threshold,
      value,
      passed: value !== undefined && OPERATORS[operator](value, bound),
    };
  });
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
