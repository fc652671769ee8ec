import { checkFunction, checkObject, isCancellation, settled } from 'greenfiber/lowlevel';

import { checkTags, type Tags } from './registry';
import { tagsOf, vu } from './vu';

/**
 * Tests `value` with each of the functions, and counts under its name whether it answered something true; an async
 * function's promise is waited for. Nothing is thrown: an error of a function counts as an answer of false. Thresholds
 * make a run fail.
 *
 * @returns whether all did
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_LOAD_NO_USER`; the reason of a cancelled scope
 */
export function check<T>(
  value: T,
  tests: Readonly<Record<string, (value: T) => unknown>>,
  tags: Tags = {},
): boolean {
  checkObject('tests', tests);
  const user = vu();
  const checks = user.context.recorder.registry.metric('checks', 'rate');
  const own = { ...tagsOf(user), ...checkTags('tags', tags) };
  let all = true;
  for (const [name, test] of Object.entries(tests)) {
    checkFunction(`tests[${JSON.stringify(name)}]`, test);
    const passed = holds(value, test);
    checks.with({ ...own, check: name }).add(passed);
    user.context.recorder.sampled('checks', passed ? 1 : 0, { ...own, check: name });
    all &&= passed;
  }
  return all;
}

function holds<T>(value: T, test: (value: T) => unknown): boolean {
  try {
    return Boolean(settled('check', test(value)));
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
