import { wrongValue } from 'greenfiber/lowlevel';

import type { Tags } from './registry';

export type Operator = '<' | '<=' | '>' | '>=' | '==' | '===' | '!=';

/** A threshold, read. */
export interface ParsedThreshold {
  readonly name: string;
  readonly tags: Tags;
  /** Whether a value without quotes has commas, which may have been meant to begin another tag. */
  readonly isAmbiguous: boolean;
  /** `count`, `p(95)`, … */
  readonly figure: string;
  readonly operator: Operator;
  readonly bound: number;
}

const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?`;
const EXPRESSION = new RegExp(
  String.raw`^(count|rate|value|min|max|avg|med|p\(\s*\d+(?:\.\d+)?\s*\))\s*(<=|>=|===|==|!=|<|>)\s*(${NUMBER})$`,
  'i',
);
const KEY = /^\s*([A-Za-z_][\w.-]*)\s*:\s*/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"\s*/;

/**
 * Reads a metric and an expression:
 *
 *     metric     = name [ "{" tag *( "," tag ) "}" ]
 *     tag        = key ":" value
 *     value      = quoted / text        ; text ends where a comma begins another tag, or at the last brace
 *     quoted     = '"' … '"'            ; \" and \\ for a quote and a backslash
 *     expression = figure operator number
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function readThreshold(where: string, metric: string, expression: string): ParsedThreshold {
  const { name, tags, isAmbiguous } = readMetric(where, metric);
  const [, figure, operator, bound] = EXPRESSION.exec(expression) ?? [];
  if (figure === undefined || operator === undefined) {
    const wanted =
      'a figure (count, rate, value, min, max, avg, med, p(N)) with a bound, such as "p(95)<200"';
    throw wrongValue(where, wanted, expression);
  }
  const exact = figure.replaceAll(/\s/g, '').toLowerCase();
  const share = /^p\((.*)\)$/.exec(exact)?.[1];
  if (share !== undefined && Number(share) > 100) {
    throw wrongValue(where, 'about a percentile from p(0) to p(100)', expression);
  }
  return {
    name,
    tags,
    isAmbiguous,
    figure: exact,
    operator: operator as Operator,
    bound: Number(bound),
  };
}

function readMetric(
  where: string,
  metric: string,
): { name: string; tags: Tags; isAmbiguous: boolean } {
  const brace = metric.indexOf('{');
  const name = (brace < 0 ? metric : metric.slice(0, brace)).trim();
  if (name === '' || name.includes('}')) throw malformed(where, metric);
  if (brace < 0) return { name, tags: {}, isAmbiguous: false };
  if (!metric.trimEnd().endsWith('}')) throw malformed(where, metric);
  const tags: Record<string, string> = {};
  let rest = metric.slice(brace + 1, metric.lastIndexOf('}'));
  let isAmbiguous = false;
  for (let isMore = true; isMore;) {
    const [all, key = ''] = KEY.exec(rest) ?? [];
    if (all === undefined || Object.hasOwn(tags, key)) throw malformed(where, metric);
    rest = rest.slice(all.length);
    const [quoted, inside = ''] = QUOTED.exec(rest) ?? [];
    const value = quoted === undefined ? textOf(rest) : inside.replaceAll(/\\(.)/g, '$1');
    rest = rest.slice(quoted?.length ?? value.length);
    if (rest !== '' && !rest.startsWith(',')) throw malformed(where, metric);
    tags[key] = quoted === undefined ? value.trim() : value;
    isAmbiguous ||= quoted === undefined && value.includes(',');
    isMore = rest.startsWith(',');
    rest = rest.slice(1);
  }
  return { name, tags, isAmbiguous };
}

/** A value without quotes: up to a comma that begins another tag. */
function textOf(rest: string): string {
  for (let at = rest.indexOf(','); at >= 0; at = rest.indexOf(',', at + 1)) {
    if (KEY.test(rest.slice(at + 1))) return rest.slice(0, at);
  }
  return rest;
}

/** What is wrong with a metric whose form is not that above. */
export function malformed(where: string, metric: string): Error {
  const wanted =
    'named as "http_req_duration" or "http_req_duration{name:login,status:200}", with quotes around a value that has ' +
    'commas: {name:"a,b"}';
  return wrongValue(where, wanted, metric);
}
