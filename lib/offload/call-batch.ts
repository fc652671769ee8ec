import { FiberError, nameErrors } from '../base/errors';
import type { Promised } from '../base/promised';
import { Waiter, WaitQueue, type Place } from '../lowlevel/kit';
import { discharge, enlist, nativeOffload, type NativeOffload } from './native';
import type { Signature } from './signature';

// The layout of src-native/offload/batch.h.
const CALL_BYTES = 64;
const CALL_WORDS = 8;
const RESULT = 7;
const BYTES_PER_CALL = 76;
const CACHE_LINE = 64;

const WAITING = 0;
const CANCELLED = 2;
const DONE = 3;

const BUFFER_GONE = -(2 ** 31);
const BUFFER_RESIZABLE = -(2 ** 31) + 1;

const HOLD = 3;
const FIRST_BUFFER = 4;

/** Who is told how a call ended: the sleep of a task, or a promise. */
export type Caller = Place | PromisedCall;

/** A call from outside of tasks. */
export class PromisedCall {
  queue: undefined;
  constructor(readonly promised: Promised<unknown>) {}

  wake(value: unknown): void {
    this.promised.resolve(value);
  }

  fail(error: unknown): void {
    this.promised.reject(error);
  }
}

/** Whose batches these are. */
export interface BatchOwner {
  readonly pool: number;
  /** The batch has as many calls as it can hold. */
  full(): void;
  /** Every caller of the batch knows what came of its call. */
  ended(batch: CallBatch): void;
  /** How a call came out, for the statistics. */
  failed: number;
  cancelled: number;
}

/**
 * Calls that go to the pool together, in memory that it shares with us, and the queue that their callers sleep in.
 * A call that was begun cannot leave it.
 */
export class CallBatch extends WaitQueue {
  readonly id: number;
  length = 0;

  readonly #native: NativeOffload = nativeOffload();
  readonly #owner: BatchOwner;
  readonly #numbers: Float64Array;
  readonly #integers: BigInt64Array;
  readonly #halves: Int32Array;
  readonly #functions: Uint32Array;
  readonly #states: Int32Array;
  readonly #statuses: Int32Array;
  readonly #failures: Int32Array;
  readonly #callers: (Caller | undefined)[];
  readonly #signatures: (Signature | undefined)[];
  /** The arguments of `submit`, so that they need not be put together. */
  readonly #submission: unknown[];

  constructor(
    owner: BatchOwner,
    readonly capacity: number,
  ) {
    super();
    this.#owner = owner;
    this.id = enlist(this);
    const room = Math.ceil(capacity / 16) * 16;
    const memory = new SharedArrayBuffer(room * BYTES_PER_CALL + 2 * CACHE_LINE);
    const offset = this.#native.addBatch(this.id, memory, room);
    const after = (bytes: number): number => offset + bytes * room;
    this.#numbers = new Float64Array(memory, offset, room * CALL_WORDS);
    this.#integers = new BigInt64Array(memory, offset, room * CALL_WORDS);
    this.#halves = new Int32Array(memory, offset, room * CALL_WORDS * 2);
    this.#functions = new Uint32Array(memory, after(CALL_BYTES), room);
    this.#states = new Int32Array(memory, after(68), room);
    this.#statuses = new Int32Array(memory, after(72), room);
    this.#failures = new Int32Array(memory, after(76), 1);
    this.#callers = new Array<undefined>(capacity).fill(undefined);
    this.#signatures = new Array<undefined>(capacity).fill(undefined);
    this.#submission = [owner.pool, this.id, 0, false];
    for (let i = 0; i < capacity; i++) this.#submission.push(undefined);
  }

  /** Whether the process waits for one of its callers. */
  get keepsAlive(): boolean {
    const calling = this.#callers.slice(0, this.length);
    return calling.some((caller) => {
      if (caller === undefined) return false;
      return !(caller instanceof Waiter) || caller.task.keepsAlive;
    });
  }

  /** Where the arguments of the next call go: its place in words. Everything there is 0. */
  get base(): number {
    const base = this.length * CALL_WORDS;
    const numbers = this.#numbers;
    // data and length are written by `submit`.
    for (let word = base + 2; word <= base + RESULT; word++) numbers[word] = 0;
    return base;
  }

  writeInteger(place: number, value: number): void {
    this.#halves[2 * place] = value;
    this.#halves[2 * place + 1] = value >> 31;
  }

  writeBigInteger(place: number, value: bigint): void {
    this.#integers[place] = value;
  }

  writeDouble(place: number, value: number): void {
    this.#numbers[place] = value;
  }

  /** The call whose arguments were written to {@link base}. {@link push} has to follow. */
  add(signature: Signature, buffer: unknown): void {
    const index = this.length;
    this.#functions[index] = signature.number;
    this.#signatures[index] = signature;
    this.#submission[FIRST_BUFFER + index] = buffer;
  }

  /** The caller of the call that was added. */
  override push(caller: Caller): void {
    const index = this.length++;
    this.#callers[index] = caller;
    if (!(caller instanceof PromisedCall)) {
      caller.queue = this;
      caller.item = index;
    }
    if (this.length === this.capacity) this.#owner.full();
  }

  override mayLeave(place: Place): boolean {
    const state = this.#cancel(place.item as number);
    return state === WAITING || state === CANCELLED;
  }

  override remove(place: Place): void {
    const index = place.item as number;
    this.#cancel(index);
    this.#callers[index] = undefined;
    place.queue = undefined;
    this.#owner.cancelled++;
  }

  /** Gives the calls to the pool; false: memory is out. For `hold` see {@link NativeOffload}. */
  submit(hold: boolean): boolean {
    this.#submission[2] = this.length;
    this.#submission[HOLD] = hold;
    const refused = Reflect.apply(this.#native.submit, undefined, this.#submission) as number;
    for (let i = 0; i < this.length; i++) this.#submission[FIRST_BUFFER + i] = undefined;
    return refused >= 0;
  }

  /** The pool has run it. */
  complete(): void {
    const failures = this.#failures[0] ?? 0;
    for (let index = 0; index < this.length; index++) {
      const caller = this.#callers[index];
      if (caller === undefined) continue;
      this.#callers[index] = undefined;
      caller.queue = undefined;
      const status = failures === 0 ? 0 : (this.#statuses[index] ?? 0);
      if (status === 0) caller.wake(this.#resultOf(index));
      else caller.fail(this.#errorOf(index, status));
    }
    this.#owner.failed += failures;
    this.#clear();
    this.#owner.ended(this);
  }

  /** Nobody waits for it any more: `notBegun` tells those whose call has not begun, `begun` those whose runs. */
  abandon(notBegun: () => unknown, begun: (signature: Signature) => unknown): void {
    for (let index = 0; index < this.length; index++) {
      const state = this.#cancel(index);
      const caller = this.#callers[index];
      if (caller === undefined) continue;
      this.#callers[index] = undefined;
      caller.queue = undefined;
      const status = this.#statuses[index] ?? 0;
      if (state === WAITING) caller.fail(notBegun());
      else if (state !== DONE) caller.fail(begun(this.#signatureOf(index)));
      else if (status === 0) caller.wake(this.#resultOf(index));
      // The messages are still the thread's.
      else caller.fail(new OffloadError(this.#signatureOf(index).name, status, ''));
    }
  }

  /** It is empty, and not used again. */
  drop(): void {
    discharge(this.id);
  }

  /** Takes the call back if it has not begun; returns the state that it was in. */
  #cancel(index: number): number {
    return Atomics.compareExchange(this.#states, index, WAITING, CANCELLED);
  }

  #signatureOf(index: number): Signature {
    const signature = this.#signatures[index];
    if (signature === undefined) throw new RangeError('no such call');
    return signature;
  }

  #clear(): void {
    this.#states.fill(WAITING, 0, this.length);
    if (this.#failures[0] !== 0) {
      this.#statuses.fill(0, 0, this.length);
      this.#failures[0] = 0;
    }
    this.length = 0;
  }

  #resultOf(index: number): unknown {
    const { result } = this.#signatureOf(index);
    if (result === undefined) return undefined;
    const place = index * CALL_WORDS + RESULT;
    if (result === 'd') return this.#numbers[place];
    const low = this.#halves[2 * place] ?? 0;
    if (this.#halves[2 * place + 1] === low >> 31) return low;
    const integer = this.#integers[place] ?? 0n;
    const number = Number(integer);
    return Number.isSafeInteger(number) ? number : integer;
  }

  #errorOf(index: number, status: number): FiberError {
    const { name } = this.#signatureOf(index);
    if (status === BUFFER_GONE) {
      return new FiberError(
        'ERR_OFFLOAD_BUFFER',
        `The buffer of ${name} was detached: call it before you transfer its buffer, or pass a copy`,
      );
    }
    if (status === BUFFER_RESIZABLE) {
      return new FiberError(
        'ERR_OFFLOAD_BUFFER',
        `The buffer of ${name} could shrink during the call: pass one that is not resizable, or a SharedArrayBuffer`,
      );
    }
    return new OffloadError(name, status, this.#native.message(this.id, index));
  }
}

/** An external function answered a status that is not 0. */
export class OffloadError extends FiberError {
  /** The name of the function. */
  readonly function: string;
  /** What it answered. */
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(
      'ERR_OFFLOAD_FAILED',
      `${name} failed with status ${String(status)}${message === '' ? '' : `: ${message}`}`,
    );
    this.function = name;
    this.status = status;
  }

  static {
    nameErrors(this, 'OffloadError');
  }
}
