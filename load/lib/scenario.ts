import { types } from 'node:util';

import { FiberError } from 'greenfiber';
import { wrongValue } from 'greenfiber/lowlevel';

import { ask } from './clients/browse';
import { prepare, type RequestOptions } from './clients/request';
import { checkTarget, type LoadOptions } from './plan';
import type { VirtualUser } from './vu';

/**
 * What virtual users do: what a scenario file exports. All of its functions may block; those that are async are waited
 * for.
 *
 * @typeParam D - what `setup` returns
 */
export interface Scenario<D = unknown> {
  /**
   * One iteration. What it throws is counted, and the user goes on with the next one. Only where the options name
   * scenarios, it may be missing.
   */
  readonly default?: ((data: D, user: VirtualUser) => unknown) | undefined;
  /** Runs once, before the load; its result is given to everyone. With several workers it is copied to each. */
  readonly setup?: () => D | Promise<D>;
  /** Runs once, when the load has ended. */
  readonly teardown?: (data: D) => unknown;
  /** Overridden by the command line. */
  readonly options?: LoadOptions;
  /** Iterations of other scenarios, which the options name. */
  readonly [exec: string]: unknown;
}

/**
 * Checks what a module exports.
 *
 * @throws {@link FiberError} `ERR_LOAD_SCENARIO`
 */
export function checkScenario(exports: unknown, where: string): Scenario {
  const { default: iteration, setup, teardown, options } = (exports ?? {}) as Partial<Scenario>;
  const wrong = (what: string): FiberError =>
    new FiberError('ERR_LOAD_SCENARIO', `${where} is no scenario: ${what}`);
  const named = Object.entries(exports ?? {}).filter(
    ([name, value]) => typeof value === 'function' && name !== 'setup' && name !== 'teardown',
  );
  // Scenarios with names may do without: checkPlan knows.
  const isMissing = (iteration as unknown) === undefined;
  if (typeof iteration !== 'function' && !(isMissing && named.length > 0)) {
    throw wrong('export the function that a user repeats, `export default function () { … }`');
  }
  for (const [name, value] of Object.entries({ setup, teardown })) {
    if (value !== undefined && typeof value !== 'function')
      throw wrong(`${name} must be a function`);
  }
  for (const [name, value] of Object.entries({ default: iteration, setup, teardown })) {
    if (!types.isGeneratorFunction(value)) continue;
    throw wrong(`${name} is a generator function, which does nothing when it is called`);
  }
  if (options !== undefined && (typeof options !== 'object' || (options as unknown) === null)) {
    throw wrong('options must be an object');
  }
  return {
    ...(Object.fromEntries(named) as Record<string, unknown>),
    default: iteration,
    ...(setup && { setup }),
    ...(teardown && { teardown }),
    ...(options && { options }),
  };
}

/** The scenario of a URL: every iteration is one request, whose body is counted and not kept. */
export function requestScenario(
  url: string,
  { method = 'GET', ...options }: RequestOptions & { method?: string } = {},
): Scenario {
  const { protocol } = checkTarget('url', url);
  if (!protocol.startsWith('http')) {
    throw wrongValue('url', 'of http: or https:; for others, write a scenario', url);
  }
  const request = prepare(method, url, { ...options, discard: true }, undefined);
  return {
    default: (_, user) => {
      ask(user, request);
    },
  };
}
