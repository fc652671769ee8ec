import { wrongValue } from 'greenfiber/lowlevel';

import { requestBody } from './clients/request-body';
import { sourceOf, type Source } from './load-scenario';
import type { OutputOptions } from './outputs';
import type { Part } from './part';
import type { LoadOptions, Plan } from './plan';
import { nearest, Problems } from './problems';
import { milliseconds } from './quantity';
import { checkRendezvous, type Rendezvous } from './rendezvous';

/** The options of the command line, as commander names them. */
export interface CommandOptions extends OutputOptions {
  vus?: string;
  rate?: string;
  duration?: string;
  ramp?: string;
  stages?: string;
  iterations?: string;
  iterationsPerVu?: string;
  scenario: string[];
  maxVus?: string;
  maxRate?: string;
  gracefulStop?: string;
  timeout?: string;
  target?: string;
  insecure?: boolean;
  cert?: string;
  key?: string;
  cacert?: string;
  httpVersion?: LoadOptions['httpVersion'];
  redirects?: string;
  cookies?: boolean;
  unixSocket?: string;
  proxy?: string;
  threshold: string[];
  abortOnFail?: boolean;
  tag: string[];
  method?: string;
  header: string[];
  body?: string;
  bodyFile?: string;
  form: string[];
  workers: string;
  shard: string;
  rendezvous?: string;
  rendezvousTimeout: string;
}

/** What the command line says, checked. */
export interface Request {
  readonly source: Source;
  readonly part: Part;
  readonly workers: number;
  readonly load: LoadOptions;
  readonly rendezvous: Rendezvous | undefined;
}

/**
 * Checks what does not need the scenario.
 *
 * @throws {@link FiberError} what is wrong, all of it
 */
export async function checkCommand(what: string, options: CommandOptions): Promise<Request> {
  const problems = new Problems();
  const { method } = options;
  const headers = problems.try(() =>
    Object.fromEntries(options.header.map((each) => pair('--header', each, ':'))),
  );
  const content = await problems.wait(requestBody(options));
  const source = problems.try(() =>
    sourceOf(what, {
      ...(method !== undefined && { method }),
      ...(content?.body !== undefined && { body: content.body }),
      headers: { ...(content?.type !== undefined && { 'content-type': content.type }), ...headers },
    }),
  );
  const part = problems.try(() => shardOf(options.shard));
  const workers = problems.try(() => workersOf(options.workers));
  const rendezvous = problems.try(() => rendezvousOf(options));
  const load = loadOptions(options, problems);
  problems.raise();
  if (source === undefined || part === undefined || workers === undefined)
    throw new Error('raised');
  return { source, part, workers, load, rendezvous };
}

/** With `--abort-on-fail`, all thresholds end the run. */
export function abortable(plan: Plan, { abortOnFail }: CommandOptions): Plan {
  if (abortOnFail !== true) return plan;
  const thresholds = plan.thresholds.map((each) => ({ abortAfter: 0, ...each }));
  return { ...plan, thresholds };
}

/** What the command line and a scenario's options ask for together; what the former says counts. */
export function merged(
  own: LoadOptions = {},
  given: LoadOptions,
  options: CommandOptions,
): LoadOptions {
  const kept = mergeable(own, options);
  return {
    ...kept,
    ...chosen(kept, options.scenario),
    ...given,
    thresholds: { ...own.thresholds, ...given.thresholds },
    tags: { ...own.tags, ...given.tags },
  };
}

/** Those scenarios that the command line names, if it names any. */
function chosen({ scenarios = {} }: LoadOptions, names: readonly string[]): LoadOptions {
  if (names.length === 0) return {};
  const known = Object.keys(scenarios);
  for (const name of names) {
    if (known.includes(name)) continue;
    const there = known.length === 0 ? 'the file has none' : `there are ${known.join(', ')}`;
    throw wrongValue('--scenario', `one that there is${nearest(name, known)}; ${there}`, name);
  }
  const all = Object.entries(scenarios).filter(([name]) => names.includes(name));
  return { scenarios: Object.fromEntries(all) };
}

/** What of a scenario's options the command line leaves in force: one model's options replace the other's. */
function mergeable(own: LoadOptions = {}, given: CommandOptions): LoadOptions {
  const rest: LoadOptions = { ...own };
  if (given.rate !== undefined) delete rest.vus;
  if (given.vus !== undefined) delete rest.rate;
  if (given.stages !== undefined) {
    delete rest.duration;
    delete rest.ramp;
  }
  if (given.iterations !== undefined) delete rest.iterationsPerVu;
  if (given.iterationsPerVu !== undefined) delete rest.iterations;
  if (given.duration !== undefined || given.ramp !== undefined) delete rest.stages;
  return rest;
}

function loadOptions(options: CommandOptions, problems: Problems): LoadOptions {
  const { vus, iterations, iterationsPerVu, maxVus, redirects, threshold, tag } = options;
  const { rate, duration, ramp, stages, maxRate, gracefulStop, timeout, target, insecure } =
    options;
  const { cert, key, cacert: ca, httpVersion, cookies, unixSocket, proxy } = options;
  const tls = Object.fromEntries(
    Object.entries({ cert, key, ca }).filter(([, value]) => value !== undefined),
  );
  const given = {
    httpVersion,
    cookies,
    unixSocket,
    proxy,
    rate,
    duration,
    ramp,
    stages,
    maxRate,
    gracefulStop,
    timeout,
    target,
    insecure,
  };
  const numbers = Object.entries({ vus, iterations, iterationsPerVu, maxVus, redirects }).flatMap(
    ([key, text]) => {
      const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const value = text === undefined ? undefined : problems.try(() => number(flag, text));
      return value === undefined ? [] : [[key, value] as const];
    },
  );
  const thresholds = problems.try(() => byMetric(threshold)) ?? {};
  const tags = problems.try(() => tag.map((each) => pair('--tag', each, '='))) ?? [];
  return {
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as LoadOptions),
    ...(Object.fromEntries(numbers) as LoadOptions),
    ...(Object.keys(tls).length > 0 && { tls }),
    thresholds,
    tags: Object.fromEntries(tags),
  };
}

/** The metric may have colons in its tags: the expression begins at the last figure. */
const THRESHOLD = /^(.+):\s*((?:count|rate|value|min|max|avg|med|p\s*\()[^:{}]*)$/;

function byMetric(thresholds: readonly string[]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const threshold of thresholds) {
    const [, metric, expression] = THRESHOLD.exec(threshold) ?? [];
    if (metric === undefined || expression === undefined) {
      throw wrongValue('--threshold', 'such as "http_req_duration:p(95)<200"', threshold);
    }
    (all[metric] ??= []).push(expression);
  }
  return all;
}

function pair(name: string, text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  if (at <= 0) throw wrongValue(name, `a name, "${separator}" and a value`, text);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function number(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw wrongValue(name, 'a whole number from 1', text);
  return Number(text);
}

function workersOf(text: string): number {
  const workers = number('--workers', text);
  if (workers > 256) throw wrongValue('--workers', 'at most 256', workers);
  return workers;
}

function rendezvousOf({ rendezvous, rendezvousTimeout }: CommandOptions): Rendezvous | undefined {
  if (rendezvous === undefined) return undefined;
  const patience = milliseconds('--rendezvous-timeout', rendezvousTimeout);
  return checkRendezvous('--rendezvous', rendezvous, patience);
}

function shardOf(text: string): Part {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const part = { index: Number(index) - 1, count: Number(count) };
  if (part.index >= 0 && part.index < part.count) return part;
  throw wrongValue('--shard', 'such as "1/3", the first of three', text);
}
