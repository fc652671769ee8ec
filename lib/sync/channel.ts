import { FiberError } from '../base/errors';
import { checkInteger } from '../base/validators';
import { blockingTask } from '../scheduler/current';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue, type Place } from '../scheduler/wait-queue';
import { OutsideReceiver } from './outside-receiver';
import { Ring } from './ring';
import { showAs } from '../base/look';

const LARGEST_CAPACITY = 2 ** 31 - 1;

/** What {@link Channel.receive} returns; the end of the channel is `{ done: true }`. */
export type Received<T> = IteratorResult<T, undefined>;

/**
 * A queue from tasks to tasks, with Go's rules. Without capacity a sender sleeps until somebody has received; with
 * it, until there is room. Items arrive in the order in which they were sent, and those who wait are served in the
 * order in which they came.
 *
 * A blocking call that is cancelled has not happened: its item stays with the sender, or in the channel.
 */
export class Channel<T> implements Iterable<T, undefined>, AsyncIterable<T, undefined> {
  /** How many items wait in the channel at most; `Infinity`: no sender ever sleeps. */
  readonly capacity: number;
  /** Shown in reports. */
  name = '';
  /** @internal */
  readonly senders = new WaitQueue();
  /** @internal */
  readonly receivers = new WaitQueue();

  readonly #items = new Ring<T>();
  #closed = false;
  #error: unknown = undefined;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(capacity = 0) {
    if (capacity !== Infinity) checkInteger('capacity', capacity, 0, LARGEST_CAPACITY);
    this.capacity = capacity;
  }

  /** Items that wait in the channel; those of sleeping senders are not among them. */
  get length(): number {
    return this.#items.length;
  }

  /** Whether {@link close} was called. Items may be left to receive. */
  get closed(): boolean {
    return this.#closed;
  }

  /** What {@link close} was given. */
  get error(): unknown {
    return this.#error;
  }

  /**
   * Sends `value`, and sleeps until a receiver has it, or the channel has room for it.
   *
   * @throws {@link FiberError} `ERR_CHANNEL_CLOSED`, also when the channel is closed meanwhile;
   * `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  send(value: T): void {
    const task = blockingTask('Channel.send');
    if (this.offer(value)) return;
    const waiter = Waiter.inQueue<undefined>(task, 'Channel.send', this);
    waiter.item = value;
    waiter.parkIn(this.senders);
  }

  /**
   * Sends `value` if that can be done at once, and returns whether it was. Also outside of tasks.
   *
   * @throws {@link FiberError} `ERR_CHANNEL_CLOSED`
   */
  trySend(value: T): boolean {
    return this.offer(value);
  }

  /**
   * Sleeps until there is an item and returns `{ done: false, value }`; after the last item of a closed channel
   * `{ done: true }`.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  receive(): Received<T> {
    const task = blockingTask('Channel.receive');
    return (
      this.take() ??
      Waiter.inQueue<Received<T>>(task, 'Channel.receive', this).parkIn(this.receivers)
    );
  }

  /** As {@link receive}, but returns undefined where that would sleep. Also outside of tasks. */
  tryReceive(): Received<T> | undefined {
    return this.take();
  }

  /**
   * Lets no further item in. Senders that sleep are refused; receivers get the items that are in the channel, then
   * its end. Closing again changes nothing. Also outside of tasks.
   *
   * @param error - why, for the `cause` of the errors of senders, and {@link Channel.error}
   */
  close(error?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.senders.failAll(() => this.#refusal());
    while (!this.receivers.isEmpty) this.receivers.shift()?.wake({ done: true, value: undefined });
  }

  /** Receives until the channel ends. Leaving the loop early leaves the channel open. */
  [Symbol.iterator](): IterableIterator<T, undefined> {
    const iterator: IterableIterator<T, undefined> = {
      next: () => this.receive(),
      [Symbol.iterator]: () => iterator,
    };
    return iterator;
  }

  /**
   * For `for await`, outside of tasks: receives until the channel ends. Who waits there waits in line with the tasks that
   * {@link receive}. Leaving the loop early leaves the channel open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    const waiting = new Set<OutsideReceiver<T>>();
    const iterator: AsyncIterableIterator<T, undefined> = {
      next: () => {
        const item = this.take();
        if (item !== undefined) return Promise.resolve(item);
        const receiver = new OutsideReceiver<T>(waiting);
        this.receivers.push(receiver);
        return receiver.received;
      },
      return: () => {
        for (const receiver of waiting) receiver.leave();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Whether {@link offer} would return true, or throw. @internal */
  get canOffer(): boolean {
    return this.#closed || !this.receivers.isEmpty || this.#items.length < this.capacity;
  }

  /** Whether {@link take} would return something. @internal */
  get canTake(): boolean {
    return this.#closed || !this.senders.isEmpty || this.#items.length > 0;
  }

  /** Hands the value to a receiver or puts it in, if there is one, or room. @internal */
  offer(value: T): boolean {
    if (this.#closed) throw this.#refusal();
    const receiver = this.receivers.shift();
    if (receiver !== undefined) {
      receiver.wake({ done: false, value });
      return true;
    }
    if (this.#items.length >= this.capacity) return false;
    this.#items.push(value);
    return true;
  }

  /** The next item or the end, if there is either. @internal */
  take(): Received<T> | undefined {
    const sender = this.senders.shift();
    if (this.#items.length === 0) {
      if (sender !== undefined) return { done: false, value: itemOf(sender) as T };
      return this.#closed ? { done: true, value: undefined } : undefined;
    }
    const value = this.#items.shift();
    if (sender !== undefined) this.#items.push(itemOf(sender) as T);
    return { done: false, value };
  }

  #refusal(): FiberError {
    return new FiberError(
      'ERR_CHANNEL_CLOSED',
      'The channel is closed and takes no further items: close it when its last sender has ended',
      this.#error === undefined ? undefined : { cause: this.#error },
    );
  }
}

showAs(Channel, ({ name, capacity, length, closed }) => ({ name, capacity, length, closed }));

/** Takes what a sleeping sender sends, and wakes it. */
function itemOf(sender: Place): unknown {
  const { item } = sender;
  sender.wake(undefined);
  return item;
}
