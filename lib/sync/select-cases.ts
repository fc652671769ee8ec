import { checkDuration, wrongType, wrongValue } from '../base/validators';
import type { Timer } from '../scheduler/clock';
import { observe, unwatch, watch, type Watcher } from '../scheduler/promise-watch';
import { isThenable } from '../scheduler/wait';
import type { Place, WaitQueue } from '../scheduler/wait-queue';
import { Channel } from './channel';
import type { Selection } from './select';

/** A case of a select: it happens at once, or after a wait in its place. */
export abstract class Case implements Place {
  queue: WaitQueue | undefined = undefined;
  next: Place | undefined = undefined;
  previous: Place | undefined = undefined;
  item: unknown = undefined;

  constructor(
    readonly selection: Selection,
    readonly index: number,
  ) {}

  /** What it waits for, for reports. */
  abstract readonly target: unknown;
  /** Whether {@link perform} can be done at once. */
  abstract isReady(): boolean;
  abstract perform(): unknown;
  /** Begins to wait. It may win while it does. */
  abstract enlist(): void;
  /** Stops to wait; a no-op when it does not. */
  abstract withdraw(): void;

  /** Nobody waits for it: another case happened at once. */
  giveUp(): void {
    // It leaves no trace.
  }

  /** Whether the process waits for it, from now on, where that is for us to say. */
  keepAlive?(yes: boolean): void;

  wake(value: unknown): boolean {
    return this.selection.win(this, value);
  }

  fail(error: unknown): boolean {
    return this.selection.fail(error);
  }
}

class Receive extends Case {
  constructor(
    selection: Selection,
    index: number,
    readonly target: Channel<unknown>,
  ) {
    super(selection, index);
  }

  isReady(): boolean {
    return this.target.canTake;
  }

  perform(): unknown {
    return this.target.take();
  }

  enlist(): void {
    this.target.receivers.push(this);
  }

  withdraw(): void {
    this.queue?.remove(this);
  }
}

class Send extends Case {
  constructor(
    selection: Selection,
    index: number,
    readonly target: Channel<unknown>,
    value: unknown,
  ) {
    super(selection, index);
    this.item = value;
  }

  isReady(): boolean {
    return this.target.canOffer;
  }

  perform(): undefined {
    this.target.offer(this.item);
  }

  enlist(): void {
    this.target.senders.push(this);
  }

  withdraw(): void {
    this.queue?.remove(this);
  }
}

class After extends Case {
  #timer: Timer | undefined = undefined;

  constructor(
    selection: Selection,
    index: number,
    readonly target: number,
  ) {
    super(selection, index);
  }

  isReady(): boolean {
    return false;
  }

  perform(): undefined {
    return undefined;
  }

  enlist(): void {
    const { task } = this.selection;
    this.#timer = task.scheduler.clock.setTimer(
      this.target,
      () => this.wake(undefined),
      task.keepsAlive,
    );
  }

  override keepAlive(yes: boolean): void {
    this.#timer?.keepAlive(yes);
  }

  withdraw(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

class Aborted extends Case {
  readonly #listener = (): void => {
    this.wake(this.target.reason);
  };

  constructor(
    selection: Selection,
    index: number,
    readonly target: AbortSignal,
  ) {
    super(selection, index);
  }

  isReady(): boolean {
    return this.target.aborted;
  }

  perform(): unknown {
    return this.target.reason;
  }

  enlist(): void {
    this.target.addEventListener('abort', this.#listener);
  }

  withdraw(): void {
    this.target.removeEventListener('abort', this.#listener);
  }
}

class Settled extends Case implements Watcher {
  constructor(
    selection: Selection,
    index: number,
    readonly target: PromiseLike<unknown>,
  ) {
    super(selection, index);
  }

  isReady(): boolean {
    return false;
  }

  perform(): undefined {
    return undefined;
  }

  enlist(): void {
    watch(this.target, this);
  }

  override giveUp(): void {
    observe(this.target);
  }

  withdraw(): void {
    unwatch(this.target, this);
  }
}

/**
 * Reads each operand once.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function caseOf(given: object, index: number, selection: Selection): Case {
  const name = `cases[${String(index)}]`;
  if (typeof given !== 'object' || (given as unknown) === null) {
    throw wrongType(name, 'an object, or undefined', given);
  }
  if ('receive' in given) {
    return new Receive(selection, index, channel(`${name}.receive`, given.receive));
  }
  if ('send' in given) {
    const target = channel(`${name}.send`, given.send);
    return new Send(selection, index, target, 'value' in given ? given.value : undefined);
  }
  if ('after' in given) {
    const ms = given.after;
    checkDuration(`${name}.after`, ms);
    return new After(selection, index, ms);
  }
  if ('aborted' in given) {
    const signal = given.aborted;
    if (!(signal instanceof AbortSignal)) {
      throw wrongType(`${name}.aborted`, 'an AbortSignal', signal);
    }
    return new Aborted(selection, index, signal);
  }
  if ('settled' in given) {
    const promise = given.settled as PromiseLike<unknown>;
    if (!isThenable(promise)) throw wrongType(`${name}.settled`, 'a promise', promise);
    return new Settled(selection, index, promise);
  }
  throw wrongValue(
    name,
    'a case: { receive }, { send, value }, { after }, { aborted } or { settled }',
    given,
  );
}

function channel(name: string, value: unknown): Channel<unknown> {
  if (value instanceof Channel) return value as Channel<unknown>;
  throw wrongType(name, 'a Channel', value);
}
