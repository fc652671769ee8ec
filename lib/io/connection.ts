import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { settled } from '../lowlevel/kit';
import type { Framing } from './framing';
import { frames } from './framing';
import { Reader } from './reader';
import { Writer } from './writer';
import { showAs } from '../base/look';

/**
 * A socket, or any other Duplex of bytes, in blocking style: a {@link Reader} and a {@link Writer}. The two
 * directions end independently. When the peer has ended its side, reads return `null` and writes still go out,
 * if the socket allows half-open connections, as those of {@link connect} and {@link listen} do.
 */
export class Connection<S extends Duplex = Socket> implements Iterable<Buffer>, Disposable {
  readonly reader: Reader;
  readonly writer: Writer;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_STREAM_BUSY`
   */
  constructor(
    /** The stream underneath, for its addresses and options. */
    readonly socket: S,
  ) {
    this.reader = new Reader(socket);
    this.writer = new Writer(socket);
  }

  /** See {@link Reader.read}. */
  read(): Buffer | null {
    return this.reader.read();
  }

  /** See {@link Reader.readExactly}. */
  readExactly(count: number): Buffer | null {
    return this.reader.readExactly(count);
  }

  /** See {@link Reader.readLine}. */
  readLine(maxLength?: number): string | null {
    return this.reader.readLine(maxLength);
  }

  /** See {@link Reader.lines}. */
  lines(maxLength?: number): Generator<string, void, undefined> {
    return this.reader.lines(maxLength);
  }

  /** See {@link Reader.readAll}. */
  readAll(maxLength?: number): Buffer {
    return this.reader.readAll(maxLength);
  }

  /** See {@link Writer.write}. */
  write(chunk: string | Uint8Array, encoding?: BufferEncoding): void {
    this.writer.write(chunk, encoding);
  }

  /** See {@link Writer.flush}. */
  flush(): void {
    this.writer.flush();
  }

  /** Ends this side; the other may go on. See {@link Writer.end}. */
  end(): void {
    this.writer.end();
  }

  /** The next frame; see {@link Framing}. */
  readFrame<T>(framing: Framing<T>): T | null {
    return settled('Framing.read', framing.read(this.reader));
  }

  /** The frames that are left. */
  frames<T>(framing: Framing<T>): Generator<T, void, undefined> {
    return frames(this.reader, framing);
  }

  /** Writes a frame; see {@link Framing}. */
  writeFrame<T>(framing: Framing<T>, frame: T): void {
    settled('Framing.write', framing.write(this.writer, frame));
  }

  /**
   * Ends this side as {@link end} does, then destroys the socket, in any case: cancelled, it does not wait.
   *
   * @throws as {@link Writer.end}
   */
  close(): void {
    try {
      this.end();
    } finally {
      this.destroy();
    }
  }

  /** Closes the socket at once; what was written may be lost. Whoever sleeps in it is thrown an error. */
  destroy(error?: Error): void {
    this.socket.destroy(error);
  }

  /** {@link destroy}, for `using`: call {@link close} before, where what was written has to arrive. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** See {@link Reader}. */
  [Symbol.iterator](): Generator<Buffer, void, undefined> {
    return this.reader[Symbol.iterator]();
  }
}

showAs(Connection, ({ socket, reader, writer }: Connection<Duplex>) => {
  const { localAddress, localPort, remoteAddress, remotePort } = socket as Partial<Socket>;
  const at = (address?: string, port?: number): string | undefined =>
    address === undefined ? undefined : `${address}:${String(port)}`;
  return {
    local: at(localAddress, localPort),
    remote: at(remoteAddress, remotePort),
    buffered: reader.buffered,
    ended: writer.stream.writableEnded,
    destroyed: socket.destroyed,
  };
});
