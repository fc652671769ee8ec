import type { EventEmitter } from 'node:events';

import { showAs } from '../base/look';
import { checkObject } from '../base/validators';
import { Channel } from '../sync/channel';
import { Listening, type EventName, type TypedEmitter } from './emitter';

export interface OnOptions {
  /** Events that end the loop: `close` or `end`, say. */
  close?: readonly EventName[];
}

/** The events of one name, in a loop; made by {@link on}. */
export class Events<A extends unknown[] = unknown[]> implements IterableIterator<A>, Disposable {
  readonly #events = new Channel<A>(Infinity);
  readonly #listening: Listening;

  /** @internal */
  constructor(emitter: EventEmitter | EventTarget, name: EventName, options: OnOptions) {
    const listening = new Listening(emitter);
    checkObject('options', options);
    const { close = [] } = options;
    try {
      listening.to(name, (...args) => {
        this.#events.trySend(args as A);
      });
      listening.toErrors(name, (error) => {
        this.#end(new Failure(error));
      });
      for (const end of close) {
        listening.to(end, () => {
          this.#end();
        });
      }
    } catch (error) {
      listening.close();
      throw error;
    }
    this.#listening = listening;
  }

  /**
   * Sleeps until there is an event that was not answered yet. A step that throws has ended the loop.
   *
   * @throws what an `error` event was emitted with, after the events before it; {@link FiberError}
   * `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  next(): IteratorResult<A, undefined> {
    try {
      const event = this.#events.receive();
      const { error } = this.#events;
      if (event.done === true && error instanceof Failure) throw error.error;
      return event;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** Listens no more. Also outside of tasks. */
  return(): IteratorReturnResult<undefined> {
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #end(failure?: Failure): void {
    this.#listening.close();
    this.#events.close(failure);
  }
}

showAs(Events, () => ({}));

/** An error that was emitted, which may be anything. */
class Failure {
  constructor(readonly error: unknown) {}
}

/**
 * The events of a name, for a loop in a task: each step sleeps until the next one and returns its arguments. It listens from
 * the call on, and keeps what comes while the loop's body runs. A loop that ends, however it does, listens no more.
 *
 * ```js
 * for (const [line] of on(readline, 'line', { close: ['close'] })) console.log(line);
 * ```
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function on<M extends Record<keyof M, unknown[]>, K extends keyof M & EventName>(
  emitter: TypedEmitter<M>,
  name: K,
  options?: OnOptions,
): Events<M[K]>;
export function on<A extends unknown[] = unknown[]>(
  emitter: EventEmitter,
  name: EventName,
  options?: OnOptions,
): Events<A>;
export function on<E extends Event = Event>(
  target: EventTarget,
  name: string,
  options?: OnOptions,
): Events<[E]>;
export function on(
  emitter: EventEmitter | EventTarget,
  name: EventName,
  options: OnOptions = {},
): Events {
  return new Events(emitter, name, options);
}
