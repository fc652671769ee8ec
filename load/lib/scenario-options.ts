import { types } from 'node:util';

import { checkObject, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { checkLoad, LEVEL_OPTIONS, type Flow, type LevelOptions, type Load } from './load';
import { nearest, type Problems } from './problems';
import { milliseconds } from './quantity';
import { checkTags, type Tags } from './registry';
import { inScenario, parseThresholds, type Threshold, type ThresholdsByMetric } from './thresholds';

/** One of several scenarios of a run: a load of its own, or with `weight` a part of the run's. */
export interface ScenarioOptions extends LevelOptions {
  /** The function that an iteration calls, as it is exported. Default: the one of the scenario's name. */
  exec?: string;
  /** When it begins, from the beginning of the run. Default 0. */
  startTime?: number | string;
  /** Which part of the run's own load is this scenario's, in proportion to the weights of the others. */
  weight?: number;
  /** Judged by this scenario's samples alone. */
  thresholds?: ThresholdsByMetric;
  /** Added to every sample, besides `scenario`. */
  tags?: Readonly<Record<string, string>>;
}

const OPTIONS: readonly string[] = [
  ...LEVEL_OPTIONS,
  ...Object.keys({
    exec: true,
    startTime: true,
    weight: true,
    thresholds: true,
    tags: true,
  } satisfies Record<Exclude<keyof ScenarioOptions, keyof LevelOptions>, true>),
];

/** What is checked together. */
export interface CheckedScenarios {
  readonly loads: readonly Load[];
  readonly thresholds: readonly Threshold[];
}

/** What the run's own options say, for scenarios that share it and those that have their own. */
interface Common {
  readonly own: LevelOptions;
  readonly tags: Tags;
  /** What the module exports. */
  readonly functions: Readonly<Record<string, unknown>>;
}

/**
 * Checks the scenarios of a run. Those that have a weight share the run's own load: each iteration is of one of them.
 *
 * @param problems - told of what is wrong: {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function checkScenarios(
  where: string,
  scenarios: unknown,
  common: Common,
  problems: Problems,
): CheckedScenarios {
  const none = { loads: [], thresholds: [] };
  const isObject = problems.holds(() => {
    checkObject(where, scenarios);
  });
  if (!isObject) return none;
  const all = Object.entries(scenarios as object) as [string, ScenarioOptions][];
  if (all.length === 0) {
    problems.add(wrongValue(where, 'left out, or with at least one scenario', scenarios));
    return none;
  }
  const shared: Flow[] = [];
  const loads: Load[] = [];
  const thresholds: Threshold[] = [];
  for (const [name, options] of all) {
    const at = `${where}.${name}`;
    const isWell = problems.holds(() => {
      checkShape(at, name, options);
    });
    if (!isWell) continue;
    const flow = problems.try(() => checkFlow(at, name, options, common));
    thresholds.push(
      ...parseThresholds(`${at}.thresholds`, options.thresholds ?? {}, problems).map((each) =>
        inScenario(each, name),
      ),
    );
    const given = LEVEL_OPTIONS.find((key) => options[key as keyof LevelOptions] !== undefined);
    if (options.weight !== undefined) {
      const other = given ?? (options.startTime === undefined ? undefined : 'startTime');
      if (other !== undefined) {
        const wanted = "left out where there is a weight, which is of the run's own load";
        problems.add(wrongValue(`${at}.${other}`, wanted, options[other as keyof ScenarioOptions]));
      }
      if (flow !== undefined) shared.push(flow);
      continue;
    }
    const { gracefulStop } = common.own;
    const own = gracefulStop === undefined ? options : { gracefulStop, ...options };
    const load = checkLoad(at, own, problems);
    const startTime = problems.try(() => milliseconds(`${at}.startTime`, options.startTime ?? 0));
    if (flow !== undefined) loads.push({ ...load, startTime: startTime ?? 0, flows: [flow] });
  }
  if (shared.length > 0) {
    loads.unshift({ ...checkLoad('options', common.own, problems), startTime: 0, flows: shared });
  } else {
    refuseOwn(common.own, problems);
  }
  return { loads, thresholds };
}

function checkShape(at: string, name: string, options: ScenarioOptions): void {
  if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
    throw wrongValue(at, 'named by letters, digits, "_", "." and "-"', name);
  }
  checkObject(at, options);
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown === undefined) return;
  const wanted = `left out: there is no such option${nearest(unknown, OPTIONS)}; there are ${OPTIONS.join(', ')}`;
  throw wrongValue(`${at}.${unknown}`, wanted, unknown);
}

function checkFlow(at: string, name: string, options: ScenarioOptions, common: Common): Flow {
  const { exec = name, weight = 1 } = options;
  if (typeof (exec as unknown) !== 'string') throw wrongType(`${at}.exec`, 'a string', exec);
  checkExec(`${at}.exec`, exec, common.functions);
  if (typeof (weight as unknown) !== 'number') throw wrongType(`${at}.weight`, 'a number', weight);
  if (!(weight > 0 && weight < Infinity)) throw wrongValue(`${at}.weight`, 'above 0', weight);
  const tags = { ...common.tags, scenario: name, ...checkTags(`${at}.tags`, options.tags ?? {}) };
  return { name, exec, weight, tags };
}

/** Whether a scenario can call it. */
function checkExec(where: string, exec: string, functions: Common['functions']): void {
  const found = Object.hasOwn(functions, exec) ? functions[exec] : undefined;
  if (typeof found === 'function' && !types.isGeneratorFunction(found)) return;
  const reserved = new Set(['setup', 'teardown']);
  const names = Object.entries(functions)
    .filter(([name, value]) => typeof value === 'function' && !reserved.has(name))
    .map(([name]) => name);
  const there = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
  const wanted = `a function that the scenario's file exports${nearest(exec, names)}; ${there}`;
  throw wrongValue(where, wanted, exec);
}

/** Where every scenario has a load of its own, the run's would be nobody's. */
function refuseOwn(own: LevelOptions, problems: Problems): void {
  for (const key of LEVEL_OPTIONS) {
    const value = own[key as keyof LevelOptions];
    if (value === undefined || key === 'gracefulStop') continue;
    const wanted = 'left out: every scenario has a load of its own, and none a weight';
    problems.add(wrongValue(`options.${key}`, wanted, value));
  }
}
