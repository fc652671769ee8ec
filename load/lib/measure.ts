import { checkFunction, settled, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { countError } from './count-error';
import { isBuiltIn } from './metric-names';
import { checkTags, type Tags } from './registry';
import { tagsOf, vu } from './vu';

/**
 * Runs `fn`, which may block, and records how long it took in the trend `name` (milliseconds); what it throws is
 * counted as an error by its kind, also when it is caught further out, and has no duration. For whatever has no client
 * here: a call through `sync`, a conversation over a socket.
 *
 * @throws what `fn` throws; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_LOAD_NO_USER`;
 * `ERR_FIBER_INVALID_ARG_VALUE` when the name is another metric's
 */
export function measure<T>(name: string, fn: () => Promise<T> | T, tags: Tags = {}): T {
  if (typeof name !== 'string') throw wrongType('name', 'a string', name);
  if (isBuiltIn(name)) throw wrongValue('name', 'another: this one is recorded anyway', name);
  checkFunction('fn', fn);
  const user = vu();
  const { recorder, clock } = user.context;
  const own = { ...tagsOf(user), ...checkTags('tags', tags) };
  recorder.registry.admit(name, 'trend', 'ms'); // what cannot be recorded is not begun
  const start = user.intended ?? clock.now();
  user.intended = undefined;
  let result: T;
  try {
    result = settled('measure', fn());
  } catch (error) {
    countError(user, error, own);
    throw error;
  }
  const metric = recorder.registry.metric(name, 'trend', 'ms');
  const took = Math.max(0, clock.now() - start);
  metric.with(own).add(took);
  recorder.sampled(name, took, own);
  return result;
}
