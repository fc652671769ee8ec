/** What a connection's next bytes belong to. */
enum State {
  head,
  fixed,
  chunkSize,
  chunk,
  chunkEnd,
  trailers,
  untilClose,
  done,
}

/** How the body of an answer ends, and whether the connection outlives it (RFC 9112, 6.3 and 9.3). */
interface Framing {
  readonly state: State.fixed | State.chunkSize | State.untilClose;
  readonly length: number;
  readonly keepAlive: boolean;
}

/** Longer heads are no answer. */
const MOST_HEAD = 256 * 1024;
/** Bytes that are looked through for the end of a head at a time: most of a first chunk may be body. */
const HEAD_STEP = 4096;
/** Longer lines with the size of a chunk, or its extensions, are none. */
const MOST_LINE = 16 * 1024;

/** The peer does not speak HTTP. */
export class HttpProtocolError extends Error {
  readonly code = 'ERR_HTTP_PROTOCOL';
}

/**
 * Reads the answers that come over one connection, one after the other, as RFC 9112 frames them. Interim answers (1xx)
 * are skipped; what was sent by HEAD, or is a 204 or 304, ends with its head, whatever the head says of a body.
 */
export class AnswerParser {
  status = 0;
  /** Status line and header lines of the final answer, each but the last ended by CRLF. */
  head = '';
  /** Whether the connection may be used for another request. */
  keepAlive = false;
  #state = State.done;
  #bodiless = false;
  #text = '';
  #left = 0;
  /** Servers answer the same head again and again: what was made of the last one. */
  #known: { head: string; status: number; framing: Framing } | undefined = undefined;

  /** Expects the answer to a request of this method. */
  begin(method: string): void {
    this.#bodiless = method === 'HEAD';
    this.#state = State.head;
    this.#text = '';
    this.status = 0;
    this.keepAlive = false;
  }

  /** Whether bytes of the answer have come. */
  get begun(): boolean {
    return this.#state !== State.head || this.#text !== '' || this.status !== 0;
  }

  /**
   * Takes bytes, which are no longer used once it has returned.
   *
   * @param onBody - given what of them is body
   * @returns how many bytes were taken; fewer than there are when the answer is complete
   * @throws {@link HttpProtocolError}
   */
  parse(bytes: Buffer, onBody: (part: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== State.done) {
      switch (this.#state) {
        case State.head:
          at = this.#readHead(bytes, at);
          break;
        case State.fixed:
        case State.chunk:
          at = this.#readBody(bytes, at, onBody);
          break;
        case State.untilClose:
          onBody(bytes.subarray(at));
          at = bytes.length;
          break;
        default:
          at = this.#readLine(bytes, at);
      }
    }
    return at;
  }

  get complete(): boolean {
    return this.#state === State.done;
  }

  /** The peer has sent all it will. Returns whether that completes the answer. */
  end(): boolean {
    if (this.#state === State.untilClose) this.#state = State.done;
    return this.complete;
  }

  #readHead(bytes: Buffer, at: number): number {
    const before = this.#text.length;
    const step = bytes.toString('latin1', at, Math.min(bytes.length, at + HEAD_STEP));
    this.#text = before === 0 ? step : this.#text + step;
    if (before === 0 && step.charCodeAt(0) <= 13) {
      this.#text = step.replace(/^[\r\n]+/, ''); // of the body before, as some servers send them
      if (this.#text === '') return at + step.length;
    }
    const skipped = before + step.length - this.#text.length;
    const end = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0) {
      if (!'HTTP/1.'.startsWith(this.#text.slice(0, 7))) throw notHttp(this.#text);
      if (this.#text.length > MOST_HEAD) throw new HttpProtocolError('The head has no end');
      return at + step.length;
    }
    const head = this.#text.slice(0, end);
    this.#text = '';
    this.#begin(head);
    return at + end + 4 + skipped - before;
  }

  #begin(head: string): void {
    if (this.#known?.head !== head) {
      this.#known = { head, status: statusOf(head), framing: framingOf(head) };
    }
    const { status, framing } = this.#known;
    if (status === 101) throw new HttpProtocolError('The peer changed the protocol unasked');
    if (status < 200) return; // the answer is still to come
    this.status = status;
    this.head = this.#known.head;
    this.keepAlive = framing.keepAlive;
    if (this.#bodiless || status === 204 || status === 304) {
      this.#state = State.done;
      return;
    }
    this.#left = framing.length;
    if (framing.state === State.untilClose) this.keepAlive = false;
    this.#state =
      framing.state === State.fixed && framing.length === 0 ? State.done : framing.state;
  }

  #readBody(bytes: Buffer, at: number, onBody: (part: Buffer) => void): number {
    const end = Math.min(bytes.length, at + this.#left);
    onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    this.#left -= end - at;
    if (this.#left === 0) {
      this.#state = this.#state === State.fixed ? State.done : State.chunkEnd;
    }
    return end;
  }

  /** A line of the chunked coding. */
  #readLine(bytes: Buffer, at: number): number {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline + 1;
    this.#text += bytes.toString('latin1', at, end);
    if (this.#text.length > MOST_LINE) throw new HttpProtocolError('A line of a chunk has no end');
    if (newline < 0) return end;
    const line = this.#text.replace(/\r?\n$/, '');
    this.#text = '';
    if (this.#state === State.chunkSize) {
      const [, size] = /^([\da-f]{1,13})[\t ]*(?:;|$)/i.exec(line) ?? [];
      if (size === undefined) throw new HttpProtocolError('The size of a chunk is no number');
      this.#left = parseInt(size, 16);
      this.#state = this.#left === 0 ? State.trailers : State.chunk;
    } else if (this.#state === State.chunkEnd) {
      if (line !== '') throw new HttpProtocolError('A chunk is longer than its size');
      this.#state = State.chunkSize;
    } else if (line === '') {
      this.#state = State.done;
    }
    return end;
  }
}

function notHttp(text: string): HttpProtocolError {
  return new HttpProtocolError(`The answer is no HTTP/1.1: ${JSON.stringify(text.slice(0, 20))}`);
}

function statusOf(head: string): number {
  const [, status] = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |\r|$)/.exec(head) ?? [];
  if (status === undefined) throw notHttp(head);
  return Number(status);
}

function framingOf(head: string): Framing {
  let length: number | undefined;
  let coding: string | undefined;
  let connection = '';
  for (const [name, value] of headerLines(head)) {
    switch (name.toLowerCase()) {
      case 'content-length':
        length = lengthOf(value, length);
        break;
      case 'transfer-encoding':
        coding = coding === undefined ? value : `${coding}, ${value}`;
        break;
      case 'connection':
        connection += `,${value}`;
    }
  }
  const options = connection.toLowerCase().split(/[\t ]*,[\t ]*/);
  const keepAlive = head.startsWith('HTTP/1.1')
    ? !options.includes('close')
    : options.includes('keep-alive');
  if (coding !== undefined) {
    const isChunked = /(?:^|,)[\t ]*chunked[\t ]*$/i.test(coding);
    return { state: isChunked ? State.chunkSize : State.untilClose, length: 0, keepAlive };
  }
  if (length !== undefined) return { state: State.fixed, length, keepAlive };
  return { state: State.untilClose, length: 0, keepAlive };
}

/** Several lengths, in one line or in several, have to be the same. */
function lengthOf(value: string, before: number | undefined): number {
  let length = before;
  for (const each of value.split(',')) {
    const number = /^[\t ]*\d{1,15}[\t ]*$/.test(each) ? Number(each) : NaN;
    if (Number.isNaN(number) || (length !== undefined && length !== number)) {
      throw new HttpProtocolError(`Content-Length makes no sense: ${value.slice(0, 40)}`);
    }
    length = number;
  }
  return length ?? 0;
}

/**
 * Names and values of the lines below the status line.
 *
 * @throws {@link HttpProtocolError} for a line that is no header
 */
export function headerLines(head: string): [name: string, value: string][] {
  // A line that begins with a space goes on with the one before (obsolete folding).
  const lines = head.replaceAll(/\r\n[\t ]+/g, ' ').split('\r\n');
  return lines.slice(1).map((line) => {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new HttpProtocolError(`No header: ${JSON.stringify(line.slice(0, 40))}`);
    return [line.slice(0, colon).trimEnd(), line.slice(colon + 1).trim()];
  });
}
