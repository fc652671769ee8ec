import { FiberError } from 'greenfiber';
import { checkObject, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { checkRedirects } from '../network-options';
import { milliseconds } from '../quantity';
import { checkTags, type Tags } from '../registry';
import { contentOf, type Content } from './body';
import { headerMap, isMethod, type HeaderList, type RequestHeaders } from './headers';
import type { WireRequest } from './transport';

export interface RequestOptions {
  /** Names are the same in any case. Of a name that is given twice, the last one counts. */
  headers?: RequestHeaders;
  /** Text, bytes, a form, a stream; any other value is sent as JSON. */
  body?: unknown;
  /** What the request is counted under; default its URL. Give those whose URL differs each time one name. */
  name?: string;
  tags?: Tags;
  /** How long all of it may take, `"500ms"` or milliseconds; default: the run's. */
  timeout?: number | string;
  /** How many redirects are followed; default: the run's. */
  redirects?: number;
  /** Whether the body of the answer is counted and not kept. Default false. */
  discard?: boolean;
}

/** A request that can be sent again and again. */
export interface PreparedRequest {
  readonly wire: WireRequest;
  readonly name: string;
  /** Whether the name is the caller's, and not the URL. */
  readonly isNamed: boolean;
  readonly tags: Tags | undefined;
  /** Undefined where the run's counts. */
  readonly timeout: number | undefined;
  /** The same. */
  readonly redirects: number | undefined;
  readonly discard: boolean;
}

/** Where a URL leads. */
interface Location {
  readonly origin: string;
  readonly path: string;
  /** The URL without its credentials, which are nobody's business in a report. */
  readonly name: string;
  readonly host: string;
  readonly authorization: string | undefined;
  /** Requests without headers and body of their own, by method. */
  readonly plain: Map<string, WireRequest>;
}

/** Of URLs that were asked for lately. */
const located = new Map<string, Location>();
const MOST_LOCATED = 1000;

/** Methods that say something by an empty body. */
const EXPECTS_BODY = /^(?:POST|PUT|PATCH)$/;

/**
 * Makes a request ready to be sent. All that is wrong with it is the caller's mistake, and is thrown here.
 *
 * @throws {@link FiberError} `ERR_LOAD_NO_TARGET`, `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
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
  const location = locate(String(url), target);
  const { headers, body, name, tags, timeout, redirects, discard } = options;
  if (name !== undefined && typeof (name as unknown) !== 'string') {
    throw wrongType('options.name', 'a string', name);
  }
  return {
    wire: wireRequest(method, location, headers, body),
    name: name ?? location.name,
    isNamed: name !== undefined,
    tags: tags === undefined ? undefined : checkTags('options.tags', tags),
    timeout: timeout === undefined ? undefined : checkTimeout('options.timeout', timeout),
    redirects: redirects === undefined ? undefined : checkRedirects('options.redirects', redirects),
    discard: discard === true,
  };
}

/** A duration above 0. */
export function checkTimeout(name: string, value: unknown): number {
  const ms = value === Infinity ? Infinity : milliseconds(name, value);
  if (ms === 0) throw wrongValue(name, 'above 0', value);
  return ms;
}

function locate(url: string, target: string | undefined): Location {
  const key = target === undefined ? url : `${target} ${url}`;
  const known = located.get(key);
  if (known !== undefined) return known;
  if (!URL.canParse(url, target)) {
    if (target === undefined && URL.canParse(url, 'http://x')) {
      throw new FiberError(
        'ERR_LOAD_NO_TARGET',
        `${url} is relative, and no target was named: run with --target URL, or use a URL in full`,
      );
    }
    throw wrongValue('url', 'a URL', url);
  }
  const parsed = new URL(url, target);
  const { protocol, origin, pathname, search, host } = parsed;
  if (!/^https?:$/.test(protocol)) throw wrongValue('url', 'a URL of http: or https:', url);
  const found: Location = {
    origin,
    path: pathname + search,
    name: withoutCredentials(url),
    host,
    authorization: basicAuth(parsed),
    plain: new Map(),
  };
  if (located.size >= MOST_LOCATED) located.clear();
  located.set(key, found);
  return found;
}

function basicAuth({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone %
  }
}

/** A URL as it may be shown. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1');
}

function wireRequest(
  givenMethod: string,
  location: Location,
  headers: RequestHeaders | undefined,
  body: unknown,
): WireRequest {
  if (!isMethod(givenMethod)) throw wrongValue('method', 'a token of HTTP', givenMethod);
  const method = givenMethod.toUpperCase();
  if (method === 'CONNECT') {
    throw wrongValue('method', 'another: tunnels are what tcp.connect is for', method);
  }
  const isPlain = headers === undefined && (body === undefined || body === null);
  const known = isPlain ? location.plain.get(method) : undefined;
  if (known !== undefined) return known;
  const content = contentOf(body);
  const { lines, list } = headersOf(method, location, headers ?? {}, content);
  const { origin, path } = location;
  const head = `${method} ${path} HTTP/1.1\r\n${lines}\r\n`;
  const size = head.length + lengthOf(content);
  const request = { origin, path, method, headers: list, body: content.body, head, size };
  if (isPlain) location.plain.set(method, request);
  return request;
}

/** Whether the length of the body is said. */
const saysLength = (method: string, { body }: Pick<Content, 'body'>): boolean =>
  body !== undefined || EXPECTS_BODY.test(method);

/** The header that says how long the body is, if one does. */
export function lengthHeader(request: WireRequest): HeaderList {
  return saysLength(request.method, request) ? ['content-length', String(lengthOf(request))] : [];
}

function lengthOf({ body }: Pick<Content, 'body'>): number {
  return body === undefined ? 0 : Buffer.byteLength(body);
}

/** All headers as they go out: those that were given, and what they leave to be said. */
function headersOf(
  method: string,
  { host, authorization }: Location,
  given: RequestHeaders,
  content: Content,
): { lines: string; list: HeaderList } {
  const own = headerMap('options.headers', given);
  const length = String(lengthOf(content));
  const claimed = own.get('content-length')?.[1].join();
  if (claimed !== undefined && claimed !== length) {
    throw wrongValue('options.headers.content-length', `left out, or ${length}`, claimed);
  }
  own.delete('content-length');
  const list = [...own.values()].flatMap(([name, values]) =>
    values.flatMap((each) => [name, each]),
  );
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !own.has(name)) list.push(name, value);
  };
  add('content-type', content.type);
  add('authorization', authorization);
  let lines = own.has('host') ? '' : `host: ${host}\r\n`;
  if (!own.has('connection')) lines += 'connection: keep-alive\r\n';
  for (let i = 0; i < list.length; i += 2) lines += `${list[i] ?? ''}: ${list[i + 1] ?? ''}\r\n`;
  if (saysLength(method, content)) lines += `content-length: ${length}\r\n`;
  return { lines, list };
}
