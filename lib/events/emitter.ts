import type { EventEmitter } from 'node:events';

import { wrongType } from '../base/validators';

/** The name of an event. */
export type EventName = string | symbol;

/** An emitter whose events and their arguments its type tells. */
export type TypedEmitter<M extends Record<keyof M, unknown[]>> = EventEmitter<M>;

/** What listens to some events of one emitter, until it is closed. */
export class Listening {
  readonly #close: (() => void)[] = [];

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
   */
  constructor(readonly emitter: EventEmitter | EventTarget) {
    const { on, off, addEventListener } = Object(emitter) as Partial<EventEmitter & EventTarget>;
    const isEmitter = typeof on === 'function' && typeof off === 'function';
    if (isEmitter || typeof addEventListener === 'function') return;
    throw wrongType('emitter', 'an EventEmitter or an EventTarget', emitter);
  }

  to(name: EventName, listener: (...args: unknown[]) => void): void {
    checkName('name', name);
    const { emitter } = this;
    if ('off' in emitter) {
      emitter.on(name, listener);
      this.#close.push(() => {
        emitter.off(name, listener);
      });
    } else {
      emitter.addEventListener(String(name), listener);
      this.#close.push(() => {
        emitter.removeEventListener(String(name), listener);
      });
    }
  }

  /** To the event that tells of a failure, unless it is what is listened to. An EventTarget has none. */
  toErrors(name: EventName, fail: (error: unknown) => void): void {
    if (name !== 'error' && 'off' in this.emitter) this.to('error', fail);
  }

  close(): void {
    for (const close of this.#close.splice(0)) close();
  }
}

export function checkName(what: string, name: unknown): void {
  if (typeof name !== 'string' && typeof name !== 'symbol') {
    throw wrongType(what, 'a string or a symbol', name);
  }
}
