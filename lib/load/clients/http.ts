import { FiberError, TimeoutError } from '../../errors';
import { checkObject, wrongType, wrongValue } from '../../options';
import { blockingTask } from '../../scheduler/current';
import { Waiter } from '../../scheduler/waiter';
import { failureMessage } from '../failure';
import { milliseconds } from '../quantity';
import type { Tags } from '../registry';
import { vu, type VirtualUser } from '../vu';
import { LoadResponse } from './response';
import { noAnswer, type Exchange, type Wire, type WireRequest } from './transport';

export interface RequestOptions {
  headers?: Readonly<Record<string, string>>;
  /** Text, bytes, or any other value, which is sent as JSON. */
  body?: unknown;
  /** What the request is counted under; default its URL. Give those whose URL differs each time one name. */
  name?: string;
  tags?: Tags;
  /** How long it may take, `"500ms"` or milliseconds; default: the run's. */
  timeout?: number | string;
  /** Whether the body of the answer is counted and not kept. Default false. */
  discard?: boolean;
}

/** A request that can be sent again and again. */
export interface PreparedRequest {
  readonly wire: WireRequest;
  readonly name: string;
  readonly tags: Tags | undefined;
  readonly timeout: number;
  readonly discard: boolean;
  readonly sent: number;
}

const NO_HEADERS: Record<string, string> = {};

/** Of URLs that were asked for lately. */
const parsed = new Map<string, { origin: string; path: string }>();
const MOST_PARSED = 1000;

function locate(url: string | URL, target: string | undefined): { origin: string; path: string } {
  const key = target === undefined ? String(url) : `${target} ${String(url)}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  if (!URL.canParse(String(url), target)) {
    if (target === undefined && URL.canParse(String(url), 'http://x')) {
      throw new FiberError(
        'ERR_LOAD_NO_TARGET',
        `${String(url)} is relative, and no target was named: run with --target URL, or use a URL in full`,
      );
    }
    throw wrongValue('url', 'a URL', url);
  }
  const { protocol, origin, pathname, search } = new URL(String(url), target);
  if (!/^https?:$/.test(protocol)) throw wrongValue('url', 'a URL of http: or https:', url);
  const found = { origin, path: pathname + search };
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(key, found);
  return found;
}

/** Makes a request ready to be sent. */
export function prepare(
  method: string,
  url: string | URL,
  options: RequestOptions,
  target: string | undefined,
): PreparedRequest {
  if (typeof url !== 'string' && !((url as unknown) instanceof URL)) {
    throw wrongType('url', 'a string or a URL', url);
  }
  checkObject('options', options);
  const { origin, path } = locate(url, target);
  const [body, type] = contentOf(options.body);
  let { headers = NO_HEADERS } = options;
  if (type !== undefined && !('content-type' in headers)) {
    headers = { 'content-type': type, ...headers };
  }
  return {
    wire: { origin, path, method, headers, body },
    name: options.name ?? String(url),
    tags: options.tags,
    timeout:
      options.timeout === undefined ? Infinity : milliseconds('options.timeout', options.timeout),
    discard: options.discard === true,
    sent: body === undefined ? 0 : Buffer.byteLength(body),
  };
}

function contentOf(body: unknown): [body: string | Uint8Array | undefined, type?: string] {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return [body];
  return [JSON.stringify(body), 'application/json'];
}

/**
 * Sends a request as `user`, in the running task, and sleeps until it is answered. A failure of the network is an
 * answer with the status 0, and is counted by kind.
 */
export function send(user: VirtualUser, request: PreparedRequest): LoadResponse {
  const { recorder, clock } = user.context;
  const { method } = request.wire;
  const waiter = new Waiter<Exchange>(blockingTask('http.request'), 'http.request', request.name);
  const wire = wireOf(user, request.wire.origin);
  const start = user.intended ?? clock.now();
  user.intended = undefined;
  wire.send(request.wire, waiter, request.discard);
  if (!waiter.settled) user.slept = true;
  const exchange = complete(wire, waiter, request.timeout, user);
  const duration = Math.max(0, exchange.ended - start);
  const tags = request.tags === undefined ? user.tags : { ...user.tags, ...request.tags };
  recorder.request(
    method,
    request.name,
    exchange.status,
    tags,
    duration,
    exchange.bytes,
    request.sent,
  );
  if (exchange.error === undefined) return new LoadResponse(exchange, duration, undefined);
  const kind = recorder.error(exchange.error, tags);
  const { error: cause } = exchange;
  return new LoadResponse(exchange, duration, { kind, message: failureMessage(cause), cause });
}

function complete(
  wire: Wire,
  waiter: Waiter<Exchange>,
  timeout: number,
  user: VirtualUser,
): Exchange {
  const undo = (): void => {
    wire.abort();
    discard(user, wire);
  };
  if (timeout === Infinity) return waiter.park(undo);
  const { clock } = user.context;
  const timer = clock.setTimer(
    timeout,
    () => {
      const error = new TimeoutError('The request took longer than its timeout');
      if (waiter.wake({ ...noAnswer(error), ended: clock.now() })) undo();
    },
    true,
  );
  try {
    return waiter.park(undo);
  } finally {
    timer.cancel();
  }
}

/** A connection to the origin that is free. A user that asks for several things at once has several. */
function wireOf(user: VirtualUser, origin: string): Wire {
  for (const wire of user.wires) if (!wire.busy && wire.origin === origin) return wire;
  const wire = user.context.transport.wire(origin);
  user.wires.push(wire);
  return wire;
}

/** What was cut off in the middle is not used again. */
function discard(user: VirtualUser, wire: Wire): void {
  const at = user.wires.indexOf(wire);
  if (at >= 0) user.wires.splice(at, 1);
  wire.close();
}

/**
 * Sends a request and sleeps until it is answered. Every user has connections of its own, which stay open from one
 * iteration to the next. A failure of the network is not thrown: see {@link LoadResponse.failure}.
 *
 * @throws {@link FiberError} `ERR_LOAD_NO_USER`, `ERR_LOAD_NO_TARGET` for a relative URL without a target,
 * `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`; the reason of a cancelled scope
 */
function request(method: string, url: string | URL, options: RequestOptions = {}): LoadResponse {
  const user = vu();
  return send(user, prepare(method, url, options, user.context.plan.target));
}

type WithBody = (url: string | URL, body?: unknown, options?: RequestOptions) => LoadResponse;
type WithoutBody = (url: string | URL, options?: RequestOptions) => LoadResponse;

const without =
  (method: string): WithoutBody =>
  (url, options) =>
    request(method, url, options);

const withBody =
  (method: string): WithBody =>
  (url, body, options) =>
    request(method, url, { ...options, body });

/** HTTP/1.1 in blocking style; see {@link request}. */
export const http = {
  request,
  get: without('GET'),
  head: without('HEAD'),
  options: without('OPTIONS'),
  delete: without('DELETE'),
  post: withBody('POST'),
  put: withBody('PUT'),
  patch: withBody('PATCH'),
};
