import { FiberError } from '../errors';
import { send, prepare, type RequestOptions } from './clients/http';
import { checkTarget, type LoadOptions } from './plan';
import type { VirtualUser } from './vu';

/**
 * What virtual users do: what a scenario file exports. All of its functions may block.
 *
 * @typeParam D - what `setup` returns
 */
export interface Scenario<D = unknown> {
  /** One iteration. What it throws is counted, and the user goes on with the next one. */
  readonly default: (data: D, user: VirtualUser) => unknown;
  /** Runs once, before the load; its result is given to everyone. With several workers it is copied to each. */
  readonly setup?: () => D;
  /** Runs once, when the load has ended. */
  readonly teardown?: (data: D) => unknown;
  /** Overridden by the command line. */
  readonly options?: LoadOptions;
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
  if (typeof iteration !== 'function') {
    throw wrong('export the function that a user repeats, `export default function () { … }`');
  }
  for (const [name, value] of Object.entries({ setup, teardown })) {
    if (value !== undefined && typeof value !== 'function')
      throw wrong(`${name} must be a function`);
  }
  if (options !== undefined && (typeof options !== 'object' || (options as unknown) === null)) {
    throw wrong('options must be an object');
  }
  return {
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
  checkTarget('url', url);
  const request = prepare(method, url, { ...options, discard: true }, undefined);
  return {
    default: (_, user) => {
      send(user, request);
    },
  };
}
