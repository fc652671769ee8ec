import { blockingTask } from '../scheduler/current';
import { wait } from '../scheduler/wait';

type Fetch = typeof globalThis.fetch;

/**
 * `fetch` that sleeps until the response's head has come. What is around the call aborts the request when it is cancelled,
 * and the reading of the body, too: a timeout, a group, the task; besides a signal of its own. Its body is read by
 * `wait(response.json())`, or chunk by chunk by `iterate(response.body)`.
 *
 * @throws what the request fails with; {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function fetch(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1] = {}): Response {
  const around = blockingTask('fetch').scope.signal;
  const own = init.signal ?? (input instanceof Request ? input.signal : undefined);
  const signal = own == null ? around : AbortSignal.any([own, around]);
  return wait(globalThis.fetch(input, { ...init, signal }));
}
