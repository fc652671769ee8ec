import type { Readable } from 'node:stream';

import { FiberError } from '../base/errors';
import { wrongType } from '../base/validators';
import { blockingTask, Waiter } from '../lowlevel/kit';
import { Handle } from './handle';
import { errorOf, prematureClose } from './stream-error';

const noop = (): void => undefined;

/** Streams that are being read by a source. */
const taken = new WeakSet<Readable>();

/**
 * The chunks of a Readable, one at a time, for one task at a time. The stream stays paused: it reads ahead up
 * to its own `highWaterMark` and no further while nobody asks.
 */
export class Source<T> {
  readonly stream: Readable;
  readonly #handle: Handle;
  #sleeper: Waiter<undefined> | undefined = undefined;
  #error: unknown = undefined;
  #ended: boolean;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`; `ERR_STREAM_BUSY` when something reads the stream already
   */
  constructor(stream: Readable) {
    checkReadable(stream);
    if (taken.has(stream) || stream.readableFlowing === true) {
      throw new FiberError(
        'ERR_STREAM_BUSY',
        'The stream is being read already, by another reader, a pipe or a data listener',
      );
    }
    taken.add(stream);
    this.stream = stream;
    this.#handle = Handle.of(stream);
    this.#ended = stream.readableEnded;
    stream.on('readable', this.#wake);
    stream.on('end', this.#end);
    stream.on('error', this.#fail);
    stream.on('close', this.#wake);
  }

  /**
   * The running task, which is to read.
   *
   * @throws {@link FiberError} `ERR_STREAM_BUSY` while another one waits, `ERR_FIBER_NOT_IN_FIBER`; the reason of a
   * cancelled scope
   */
  begin(what: string): void {
    blockingTask(what);
    this.#checkFree();
  }

  /**
   * Sleeps until there is a chunk and takes it; null at the end. What arrived before an error or a close is
   * read first.
   *
   * @throws the stream's error; {@link FiberError} `ERR_STREAM_PREMATURE_CLOSE`; as {@link begin}
   */
  next(what: string): T | null {
    for (;;) {
      const chunk = this.stream.read() as T | null;
      if (chunk !== null) return chunk;
      if (this.#ended) return null;
      const error = errorOf(this.stream, this.#error);
      if (error !== undefined) throw error as unknown;
      if (this.stream.destroyed) throw prematureClose('read');
      this.#sleeper = Waiter.begin<undefined>(what, this.stream);
      try {
        this.#handle.park(this.#sleeper, noop);
      } finally {
        this.#sleeper = undefined;
      }
    }
  }

  /**
   * Leaves the stream to others.
   *
   * @throws {@link FiberError} `ERR_STREAM_BUSY` while a task waits
   */
  release(): void {
    this.#checkFree();
    const { stream } = this;
    stream.off('readable', this.#wake);
    stream.off('end', this.#end);
    stream.off('error', this.#fail);
    stream.off('close', this.#wake);
    taken.delete(stream);
  }

  #checkFree(): void {
    if (this.#sleeper === undefined) return;
    throw new FiberError(
      'ERR_STREAM_BUSY',
      `${this.#sleeper.task.name} reads this stream: one task at a time can`,
    );
  }

  readonly #wake = (): void => {
    this.#sleeper?.wake(undefined);
  };

  readonly #end = (): void => {
    this.#ended = true;
    this.#wake();
  };

  readonly #fail = (error: unknown): void => {
    this.#error = error;
    this.#wake();
  };
}

function checkReadable(stream: unknown): void {
  const { read, on } = (stream ?? {}) as Partial<Record<keyof Readable, unknown>>;
  if (typeof read === 'function' && typeof on === 'function') return;
  throw wrongType('stream', 'a Readable of node:stream', stream);
}
