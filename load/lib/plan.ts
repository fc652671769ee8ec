import { createHash } from 'node:crypto';

import { FiberError } from 'greenfiber';
import { checkObject, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { checkTimeout } from './clients/request';
import { checkLoad, LEVEL_OPTIONS, type LevelOptions, type Load } from './load';
import {
  checkNetwork,
  NETWORK_OPTIONS,
  type Network,
  type NetworkOptions,
} from './network-options';
import { nearest, Problems } from './problems';
import { checkTags, type Tags } from './registry';
import { checkScenarios, type CheckedScenarios, type ScenarioOptions } from './scenario-options';
import { parseThresholds, type Threshold, type ThresholdsByMetric } from './thresholds';

/** How much load, for how long. What is given on the command line overrides what a scenario exports. */
export interface LoadOptions extends LevelOptions, NetworkOptions {
  /** Several scenarios in one run, by name: each with a load of its own, or with a weight in this one. */
  scenarios?: Readonly<Record<string, ScenarioOptions>>;
  /** How long a request may take, from its beginning to the end of its answer. Default 60 s. */
  timeout?: number | string;
  /** Where relative URLs lead. Default: none. */
  target?: string;
  /** By metric, such as `http_req_duration` or `http_req_duration{name:login}`: `p(95)<200`, `rate<0.01`, … */
  thresholds?: ThresholdsByMetric;
  /** Added to every sample. */
  tags?: Readonly<Record<string, string>>;
}

/** What is to be done, checked: plain data that a worker thread can be given. */
export interface Plan {
  readonly model: 'closed' | 'open' | 'mixed';
  readonly loads: readonly Load[];
  /** Milliseconds until the last load begins no iteration any more. */
  readonly duration: number;
  /** Milliseconds. */
  readonly timeout: number;
  /** Seconds between the points of the series. */
  readonly interval: number;
  readonly target: string | undefined;
  readonly network: Network;
  readonly thresholds: readonly Threshold[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Points of a series, about. */
const POINTS = 300;

const OPTIONS: readonly string[] = [
  ...LEVEL_OPTIONS,
  ...NETWORK_OPTIONS,
  ...Object.keys({
    scenarios: true,
    timeout: true,
    target: true,
    thresholds: true,
    tags: true,
  } satisfies Record<Exclude<keyof LoadOptions, keyof LevelOptions | keyof NetworkOptions>, true>),
];

/**
 * Checks the options of a run, all of them.
 *
 * @param functions - what the scenario's module exports
 * @throws {@link FiberError} `ERR_LOAD_SCENARIO`, `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`; what is wrong is told at once
 */
export function checkPlan(
  options: LoadOptions,
  functions: Readonly<Record<string, unknown>>,
): Plan {
  checkObject('options', options);
  const problems = new Problems();
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.includes(name) && value !== undefined) problems.add(unknownOption(name));
  }
  const { target } = options;
  problems.try(() => {
    if (target !== undefined) checkTarget('options.target', target);
  });
  const tags = problems.try(() => checkTags('options.tags', options.tags ?? {})) ?? {};
  const { loads, thresholds } = loadsOf(options, tags, functions, problems);
  const duration = Math.max(...loads.map((load) => load.startTime + load.duration), 0);
  const models = new Set(loads.map(({ model }) => model));
  const plan: Plan = {
    model: models.size > 1 ? 'mixed' : (loads[0]?.model ?? 'closed'),
    loads,
    duration,
    timeout: problems.try(() => checkTimeout('options.timeout', options.timeout ?? 60_000)) ?? 0,
    interval: Math.max(1, Math.ceil(duration / 1000 / POINTS)),
    target,
    network: checkNetwork(options, problems),
    thresholds: [
      ...parseThresholds('options.thresholds', options.thresholds ?? {}, problems),
      ...thresholds,
    ],
    tags,
  };
  problems.raise();
  return plan;
}

function loadsOf(
  options: LoadOptions,
  tags: Tags,
  functions: Readonly<Record<string, unknown>>,
  problems: Problems,
): CheckedScenarios {
  if (options.scenarios !== undefined) {
    const common = { own: options, tags, functions };
    return checkScenarios('options.scenarios', options.scenarios, common, problems);
  }
  if (typeof functions['default'] !== 'function') {
    const remedy = 'export the function that a user repeats, `export default function () { … }`';
    problems.add(
      new FiberError(
        'ERR_LOAD_SCENARIO',
        `There is nothing to do: ${remedy}, or name scenarios in the options`,
      ),
    );
  }
  const flows = [{ name: undefined, exec: 'default', weight: 1, tags }];
  return {
    loads: [{ ...checkLoad('options', options, problems), startTime: 0, flows }],
    thresholds: [],
  };
}

function unknownOption(name: string): FiberError {
  return wrongValue(
    `options.${name}`,
    `left out: there is no such option${nearest(name, OPTIONS)}; there are ${OPTIONS.join(', ')}`,
    name,
  );
}

/** What is the same for shards of one run, in few words. */
export function fingerprint({ loads, interval, tags, target = '' }: Plan): string {
  const text = JSON.stringify([loads, interval, tags, target]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
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
