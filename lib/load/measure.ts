import { checkFunction, wrongType } from '../options';
import type { Tags } from './registry';
import { vu } from './vu';

/**
 * Runs `fn`, which may block, and records how long it took in the trend `name` (milliseconds), and as an error by
 * kind what it throws. For whatever has no client here: a call through `sync`, a conversation over a socket.
 *
 * @throws what `fn` throws; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_LOAD_NO_USER`
 */
export function measure<T>(name: string, fn: () => T, tags: Tags = {}): T {
  if (typeof name !== 'string') throw wrongType('name', 'a string', name);
  checkFunction('fn', fn);
  const user = vu();
  const { recorder, clock } = user.context;
  const all = { ...user.tags, ...tags };
  const start = user.intended ?? clock.now();
  user.intended = undefined;
  const result = fn();
  recorder.registry
    .metric(name, 'trend', 'ms')
    .with(all)
    .add(clock.now() - start);
  return result;
}
