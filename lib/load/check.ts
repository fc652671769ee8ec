import { checkFunction, checkObject } from '../options';
import type { Tags } from './registry';
import { vu } from './vu';

/**
 * Tests `value` with each of the functions, and counts under its name whether it answered something true. Nothing is
 * thrown: an error of a function counts as an answer of false. Thresholds make a run fail.
 *
 * @returns whether all did
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_LOAD_NO_USER`
 */
export function check<T>(
  value: T,
  tests: Readonly<Record<string, (value: T) => unknown>>,
  tags: Tags = {},
): boolean {
  checkObject('tests', tests);
  const user = vu();
  const checks = user.context.recorder.registry.metric('checks', 'rate');
  let all = true;
  for (const [name, test] of Object.entries(tests)) {
    checkFunction(`tests[${JSON.stringify(name)}]`, test);
    const passed = holds(value, test);
    checks.with({ ...user.tags, ...tags, check: name }).add(passed);
    all &&= passed;
  }
  return all;
}

function holds<T>(value: T, test: (value: T) => unknown): boolean {
  try {
    return Boolean(test(value));
  } catch {
    return false;
  }
}
