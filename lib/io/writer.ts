import type { Writable } from 'node:stream';

import { FiberError } from '../base/errors';
import { wrongType } from '../base/validators';
import { blockingTask, isCancellation, Waiter, WaitQueue } from '../lowlevel/kit';
import type { Task } from '../scheduler/task';
import { Handle } from './handle';
import { errorOf, prematureClose } from './stream-error';
import { showAs } from '../base/look';

/**
 * Writes to any Writable in blocking style. A write sleeps until the stream has room and then hands its data
 * over, so one that is cancelled, or throws, has written nothing. Any number of tasks may write: each write is
 * indivisible, and those that wait go on in the order in which they came.
 *
 * An error of the stream is thrown by every call after it, also when what failed was an earlier write.
 */
export class Writer {
  /** The stream that is written to. */
  readonly stream: Writable;
  readonly #handle: Handle;

  /** Writes that wait for room, the oldest first. */
  readonly #writers = new WaitQueue<Waiter<undefined>>();
  /** Sleepers that wait until all is out, or for the end. */
  readonly #flushers = new WaitQueue<Waiter<undefined>>();
  /** Whether a writer was woken for the room there is, and has not written yet. */
  #promised = false;
  /** Writes that the stream has not confirmed. */
  #unconfirmed = 0;
  #error: unknown = undefined;
  #finished: boolean;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
   */
  constructor(stream: Writable) {
    checkWritable(stream);
    this.stream = stream;
    this.#handle = Handle.of(stream);
    this.#finished = stream.writableFinished;
    stream.on('drain', this.#wakeWriter);
    stream.on('finish', this.#finish);
    stream.on('error', this.#fail);
    stream.on('close', this.#wakeAll);
  }

  /**
   * Sleeps until the stream has room, then hands `chunk` over: a string, bytes, or anything in object mode. It
   * need not have gone out when this returns: see {@link flush}.
   *
   * @throws the stream's error; {@link FiberError} `ERR_STREAM_ENDED`, `ERR_STREAM_PREMATURE_CLOSE` when the stream
   * was destroyed, `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  write(chunk: unknown, encoding: BufferEncoding = 'utf8'): void {
    this.#checkChunk(chunk);
    this.#waitForRoom('Writer.write');
    this.#send(chunk, encoding);
    this.#wakeWriter();
  }

  /**
   * Writes several chunks as one: no other task's data comes between them, and all or none are written.
   *
   * @throws as {@link write}
   */
  writeAll(chunks: Iterable<unknown>): void {
    const all = [...chunks];
    for (const chunk of all) this.#checkChunk(chunk);
    this.#waitForRoom('Writer.writeAll');
    this.stream.cork();
    for (const chunk of all) this.#send(chunk, 'utf8');
    this.stream.uncork();
    this.#wakeWriter();
  }

  /**
   * Sleeps until everything that was written has gone out, for a socket to the operating system.
   *
   * @throws as {@link write}
   */
  flush(): void {
    this.#flush(blockingTask('Writer.flush'), 'Writer.flush');
  }

  /**
   * Sleeps until everything has gone out, ends the stream, and sleeps until that is done. Cancelled before the
   * end was asked for, it has not ended the stream; after that, it returns, and the next blocking call raises.
   * Of a stream that has ended already, it waits for the rest.
   *
   * @throws as {@link write}
   */
  end(): void {
    const task = blockingTask('Writer.end');
    this.#flush(task, 'Writer.end');
    if (!this.stream.writableEnded) this.stream.end();
    for (;;) {
      this.#check(false);
      if (this.#finished || task.isCancelled) return;
      try {
        this.#sleep(task, 'Writer.end', this.#flushers);
      } catch (error) {
        if (!isCancellation(error)) throw error;
      }
    }
  }

  #waitForRoom(what: string): void {
    const task = blockingTask(what);
    this.#check(true);
    if (!this.#promised && this.#writers.isEmpty && !this.stream.writableNeedDrain) return;
    this.#sleep(task, what, this.#writers);
    this.#promised = false;
    this.#check(true);
  }

  #send(chunk: unknown, encoding: BufferEncoding): void {
    this.stream.write(chunk, encoding, this.#confirm); // may throw: an unknown encoding, say
    this.#unconfirmed++; // it is confirmed later, never inside the call
  }

  #flush(task: Task, what: string): void {
    for (;;) {
      this.#check(false);
      if (this.#unconfirmed === 0) return;
      this.#sleep(task, what, this.#flushers);
      if (task.isCancelled && this.#unconfirmed > 0) throw task.scope.reason;
    }
  }

  #sleep(task: Task, what: string, queue: WaitQueue): void {
    this.#handle.park(new Waiter<undefined>(task, what, this.stream), queue);
  }

  #check(forWrite: boolean): void {
    const { stream } = this;
    const error = errorOf(stream, this.#error);
    if (error !== undefined) throw error as unknown;
    if (forWrite && stream.writableEnded) {
      throw new FiberError('ERR_STREAM_ENDED', 'The stream was ended and takes no further data');
    }
    if (stream.destroyed && !this.#finished) throw prematureClose('written');
  }

  #checkChunk(chunk: unknown): void {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) return;
    if (this.stream.writableObjectMode && chunk !== null && chunk !== undefined) return;
    throw wrongType('chunk', 'a string, a Buffer or a Uint8Array', chunk);
  }

  readonly #wakeWriter = (): void => {
    if (this.#promised || this.stream.writableNeedDrain) return;
    this.#promised = this.#writers.shift()?.wake(undefined) ?? false;
  };

  // An error that a write is confirmed with is the stream's as well, or comes of its being destroyed.
  readonly #confirm = (): void => {
    this.#unconfirmed--;
    if (this.#unconfirmed === 0) this.#flushers.wakeAll(undefined);
  };

  readonly #finish = (): void => {
    this.#finished = true;
    this.#wakeAll();
  };

  readonly #fail = (error: unknown): void => {
    this.#error ??= error;
    this.#wakeAll();
  };

  readonly #wakeAll = (): void => {
    this.#writers.wakeAll(undefined);
    this.#flushers.wakeAll(undefined);
  };
}

showAs(Writer, ({ stream }) => ({
  ended: stream.writableEnded,
  needDrain: stream.writableNeedDrain,
}));

function checkWritable(stream: unknown): void {
  const { write, end, on } = (stream ?? {}) as Partial<Record<keyof Writable, unknown>>;
  if (typeof write === 'function' && typeof end === 'function' && typeof on === 'function') return;
  throw wrongType('stream', 'a Writable of node:stream', stream);
}
