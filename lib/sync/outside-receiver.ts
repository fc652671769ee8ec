import type { Place, WaitQueue } from '../scheduler/wait-queue';
import type { Received } from './channel';

/** A place among the receivers of a channel for somebody who is no task, and is told by a promise. */
export class OutsideReceiver<T> implements Place {
  queue: WaitQueue | undefined = undefined;
  next: Place | undefined = undefined;
  previous: Place | undefined = undefined;
  item: unknown = undefined;
  readonly received: Promise<Received<T>>;
  #resolve!: (received: Received<T>) => void;

  /** @param waiting - where it is listed while it waits */
  constructor(readonly waiting: Set<OutsideReceiver<T>>) {
    this.received = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    waiting.add(this);
  }

  wake(received: Received<T>): boolean {
    this.waiting.delete(this);
    this.#resolve(received);
    return true;
  }

  /** Receivers are never failed: the end of a channel is a value. */
  fail(): boolean {
    return false;
  }

  /** Gives up. */
  leave(): void {
    this.queue?.remove(this);
    this.wake({ done: true, value: undefined });
  }
}
