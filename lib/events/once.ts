import type { EventEmitter } from 'node:events';

import { Waiter } from '../scheduler/waiter';
import { Listening, type EventName, type TypedEmitter } from './emitter';

/**
 * Sleeps until the emitter emits the event, and returns its arguments; of an `EventTarget`, the event alone. An `error` that
 * comes before is thrown. Nothing is left in the emitter, however it ends.
 *
 * @throws what an `error` event is emitted with; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
 */
export function once<M extends Record<keyof M, unknown[]>, K extends keyof M & EventName>(
  emitter: TypedEmitter<M>,
  name: K,
): M[K];
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- only the caller knows what is emitted
export function once<A extends unknown[] = unknown[]>(emitter: EventEmitter, name: EventName): A;
export function once<E extends Event = Event>(target: EventTarget, name: string): [E];
export function once(emitter: EventEmitter | EventTarget, name: EventName): unknown[] {
  const listening = new Listening(emitter);
  const waiter = Waiter.begin<unknown[]>('once', emitter);
  try {
    listening.to(name, (...args) => waiter.wake(args));
    listening.toErrors(name, (error) => waiter.fail(error));
    return waiter.park(() => undefined);
  } finally {
    listening.close();
  }
}
