import { constants, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';

import type { Waiter } from 'greenfiber/lowlevel';

import { lengthHeader } from './request';
import { noAnswer, type Exchange, type Underway, type WireRequest } from './transport';

/** What speaks of the connection, which HTTP/2 says otherwise (RFC 9113, 8.2.2). */
const OF_CONNECTION = /^(?:connection|proxy-connection|keep-alive|http2-settings|te)$/;

/** Where a call has got to. */
export interface Place {
  abort(call: Http2Call): Exchange | undefined;
}

/** A request that is to go over HTTP/2, from when it is sent until it is answered. */
export class Http2Call implements Underway {
  readonly request: WireRequest;
  readonly waiter: Waiter<Exchange>;
  readonly discard: boolean;
  exchange = noAnswer();
  stream: ClientHttp2Stream | undefined = undefined;
  /** Whether the server has refused it before it did anything. */
  wasRefused = false;
  place: Place | undefined = undefined;

  constructor(request: WireRequest, waiter: Waiter<Exchange>, discard: boolean) {
    this.request = request;
    this.waiter = waiter;
    this.discard = discard;
  }

  abort(): Exchange | undefined {
    return this.place?.abort(this);
  }
}

/** Of requests that are sent again and again. */
const made = new WeakMap<WireRequest, OutgoingHttpHeaders>();

/** A request's headers as HTTP/2 has them. */
export function http2Headers(request: WireRequest): OutgoingHttpHeaders {
  const known = made.get(request);
  if (known !== undefined) return known;
  const { origin, path, method } = request;
  const [scheme = '', authority = ''] = origin.split('://');
  const headers: Record<string, string | string[]> = {
    ':method': method,
    ':scheme': scheme,
    ':authority': authority,
    ':path': path,
  };
  const list = [...request.headers, ...lengthHeader(request)];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const [name = '', value = ''] = [list[i]?.toLowerCase(), list[i + 1]];
    const before = headers[name];
    if (name === 'host') headers[':authority'] = value;
    else if (name === 'te' && value.toLowerCase() === 'trailers') headers[name] = value;
    else if (OF_CONNECTION.test(name)) continue;
    else headers[name] = before === undefined ? value : [before, value].flat();
  }
  made.set(request, headers);
  return headers;
}

/** The head of an answer, in the form that HTTP/1.1 gives it. */
export function headOf(headers: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => {
    if (name.startsWith(':')) return [];
    return [value].flat().map((each) => `${name}: ${String(each)}`);
  });
  return [`HTTP/2 ${String(headers[constants.HTTP2_HEADER_STATUS])}`, ...lines].join('\r\n');
}
