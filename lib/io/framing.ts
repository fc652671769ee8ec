import { settled } from '../lowlevel/kit';
import type { Reader } from './reader';
import type { Writer } from './writer';

/**
 * How a stream of bytes is cut into frames. Reading a frame that is cancelled has taken nothing, writing one that
 * is cancelled has written nothing.
 */
export interface Framing<T> {
  /** The next frame; sleeps until it is complete. `null` when the stream ends before it. */
  read(reader: Reader): T | null;
  /** Writes a frame as one. */
  write(writer: Writer, frame: T): unknown;
}

/** The frames that are left in a reader. */
export function* frames<T>(reader: Reader, framing: Framing<T>): Generator<T, void, undefined> {
  for (;;) {
    const frame = settled('Framing.read', framing.read(reader));
    if (frame === null) return;
    yield frame;
  }
}
