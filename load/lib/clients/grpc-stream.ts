import type { ClientDuplexStream, Metadata, MethodDefinition, StatusObject } from '@grpc/grpc-js';

import { FiberError } from 'greenfiber';
import { messageOf, Waiter, wrongValue } from 'greenfiber/lowlevel';

import type { Tags } from '../registry';
import type { VirtualUser } from '../vu';

/** How a call ended. */
export interface GrpcResponse {
  /** As gRPC numbers them: 0 is OK, 4 a timeout, 14 unavailable. */
  readonly status: number;
  readonly ok: boolean;
  /** What the server says of a status that is not OK. */
  readonly details: string;
  /** The last message that came, as plain data; undefined when none did. */
  readonly message: unknown;
  /** Metadata before the messages, and after them; binary values as base64. */
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  /** Milliseconds from when the call was due to when it ended. */
  readonly duration: number;
}

/** Messages that wait to be received; then the stream is paused. */
const MOST_PENDING = 1000;

const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

/** A call that streams, in blocking style; made by `stream` of what `grpc.load` returns. */
export class GrpcStream implements Disposable {
  readonly #user: VirtualUser;
  readonly #call: ClientDuplexStream<Buffer, unknown>;
  readonly #method: MethodDefinition<unknown, unknown>;
  readonly #tags: Tags;
  readonly #start: number;
  readonly #isStream: boolean;
  readonly #messages: unknown[] = [];
  #last: unknown = undefined;
  #headers: Metadata | undefined = undefined;
  #status: StatusObject | undefined = undefined;
  #hasAll = false;
  #ended = 0;
  #receiver: Waiter<undefined> | undefined = undefined;
  #sender: Waiter<undefined> | undefined = undefined;

  /** @internal */
  constructor(
    user: VirtualUser,
    call: ClientDuplexStream<Buffer, unknown>,
    method: MethodDefinition<unknown, unknown>,
    tags: Tags,
  ) {
    this.#user = user;
    this.#call = call;
    this.#method = method;
    this.#tags = tags;
    this.#start = user.intended ?? user.context.clock.now();
    user.intended = undefined;
    this.#isStream = method.requestStream || method.responseStream;
    if (this.#isStream) this.#count('grpc_streams');
    this.#listen();
  }

  /**
   * Sends a message, and sleeps until there is room for another one.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE` for one that is not of the method's type, `ERR_STREAM_ENDED` when
   * the call, or sending, has ended; the reason of a cancelled scope
   */
  send(message: unknown): void {
    const waiter = Waiter.begin<undefined>('grpc.send', this.#method.path);
    let bytes: Buffer;
    try {
      bytes = this.#method.requestSerialize(message);
    } catch (cause) {
      throw wrongValue('message', `of the type of the method (${messageOf(cause)})`, message);
    }
    if (this.#status !== undefined || this.#call.writableEnded) {
      throw new FiberError('ERR_STREAM_ENDED', 'The call takes no further message');
    }
    if (this.#isStream) this.#count('grpc_streams_msgs_sent');
    if (this.#call.write(bytes)) return;
    this.#sender = waiter;
    waiter.park(this.#cancel);
  }

  /** Says that no further message will be sent. */
  end(): void {
    if (!this.#call.writableEnded) this.#call.end();
  }

  /**
   * Sleeps until a message comes, and returns it as plain data; `null` once there are no more. One task at a time.
   *
   * @throws {@link FiberError} `ERR_STREAM_BUSY` while another task receives; the reason of a cancelled scope
   */
  receive(): unknown {
    while (this.#messages.length === 0) {
      if (this.#hasAll && this.#status !== undefined) return null;
      const waiter = Waiter.begin<undefined>('grpc.receive', this.#method.path);
      if (this.#receiver !== undefined)
        throw new FiberError(
          'ERR_STREAM_BUSY',
          'Another task receives from this call: one at a time can',
        );
      this.#receiver = waiter;
      waiter.park(this.#cancel);
    }
    this.#last = this.#messages.shift();
    if (this.#call.isPaused()) this.#call.resume();
    return this.#last;
  }

  /**
   * Ends sending, and sleeps until the call has ended; messages that were not received are passed over, up to the last one.
   *
   * @throws as {@link receive}
   */
  finish(): GrpcResponse {
    this.end();
    while (this.receive() !== null);
    const { code, details = '', metadata } = this.#status ?? {};
    const status: number = code ?? UNKNOWN;
    const duration = Math.max(0, this.#ended - this.#start);
    const [headers, trailers] = [recordOf(this.#headers), recordOf(metadata)];
    return {
      status,
      ok: status === 0,
      details,
      message: this.#last,
      headers,
      trailers,
      duration,
    };
  }

  /** Cancels the call. */
  destroy(): void {
    if (this.#status === undefined) this.#call.cancel();
  }

  /** {@link destroy}, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  readonly #cancel = (): void => {
    this.#receiver = this.#sender = undefined;
    this.destroy();
  };

  #listen(): void {
    const call = this.#call;
    call.on('metadata', (headers: Metadata) => (this.#headers = headers));
    call.on('data', (message: unknown) => {
      this.#messages.push(message);
      if (this.#isStream) this.#count('grpc_streams_msgs_received');
      if (this.#messages.length >= MOST_PENDING) call.pause();
      this.#wake();
    });
    call.on('end', () => {
      this.#hasAll = true;
      this.#wake();
    });
    call.on('error', () => undefined); // the status says it
    call.on('drain', () => {
      this.#sender?.wake(undefined);
      this.#sender = undefined;
    });
    call.on('status', (status: StatusObject) => {
      this.#finished(status);
    });
  }

  #wake(): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.wake(undefined);
  }

  #finished(status: StatusObject): void {
    this.#status = status;
    const { recorder, clock } = this.#user.context;
    this.#ended = clock.now();
    if (!this.#isStream) {
      const took = Math.max(0, this.#ended - this.#start);
      const tags = { ...this.#tags, status: String(status.code) };
      recorder.registry.metric('grpc_req_duration', 'trend', 'ms').with(tags).add(took);
      recorder.sampled('grpc_req_duration', took, tags);
    }
    const error = errorOf(status);
    if (error !== undefined) recorder.error(error, this.#tags);
    this.#sender?.wake(undefined);
    this.#sender = undefined;
    this.#wake();
  }

  #count(name: string): void {
    const { recorder } = this.#user.context;
    recorder.registry.metric(name, 'counter').with(this.#tags).add(1);
    recorder.sampled(name, 1, this.#tags);
  }
}

/** What of the network has failed, with a code that says its kind. */
function errorOf({ code, details }: StatusObject): Error | undefined {
  const withCode = (of: string): Error => Object.assign(new Error(details), { code: of });
  if ((code as number) === DEADLINE_EXCEEDED) return withCode('ETIMEDOUT');
  if ((code as number) !== UNAVAILABLE) return undefined;
  if (details.startsWith('Name resolution failed')) return withCode('ENOTFOUND');
  const [, found] = /\b(E[A-Z]{4,}|[A-Z]+(?:_[A-Z]+){2,})\b/.exec(details) ?? [];
  return withCode(found ?? (details.includes('certificate') ? 'ERR_TLS_CERT' : 'ECONNRESET'));
}

function recordOf(metadata: Metadata | undefined): Record<string, string> {
  const record: Record<string, string> = {};
  for (const name of Object.keys(metadata?.getMap() ?? {})) {
    const values = metadata?.get(name) ?? [];
    record[name] = values
      .map((each) => (typeof each === 'string' ? each : each.toString('base64')))
      .join(', ');
  }
  return record;
}
