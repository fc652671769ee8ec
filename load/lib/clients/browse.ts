import type { VirtualUser } from '../vu';
import { Cookies } from './cookies';
import { prepare, type PreparedRequest } from './request';
import type { LoadResponse } from './response';
import { send } from './send';

/** What a user keeps its cookies under. */
const COOKIES = {};

const REDIRECTS = [301, 302, 303, 307, 308];

/** Headers for one origin alone. */
const OF_THE_ORIGIN = /^(?:authorization|cookie|host)$/i;
/** Headers of a body. */
const OF_A_BODY = /^content-/i;

type Headers = [name: string, value: string][];

/** Sends a request, and sleeps until it is answered: plainly, unless the run or the request wants what browsers do. */
export function ask(user: VirtualUser, request: PreparedRequest): LoadResponse {
  const { redirects, cookies } = user.context.plan.network;
  const most = request.redirects ?? redirects;
  return most > 0 || cookies ? browse(user, request, most) : send(user, request);
}

/**
 * With the cookies of the user, if the run has any, and on to where redirects lead, as many as `most`. Each is a request of
 * its own in the results; the timeout is that of all together.
 */
function browse(user: VirtualUser, original: PreparedRequest, most: number): LoadResponse {
  const { plan, clock } = user.context;
  const cookies = plan.network.cookies ? user.keep(COOKIES, () => new Cookies()) : undefined;
  const begun = clock.now();
  const whole = original.timeout ?? plan.timeout;
  for (let request = original, followed = 0; ; followed++) {
    const response = send(user, withCookies(request, cookies));
    cookies?.take(response.url, response.setCookies);
    const next = followed < most ? redirectOf(response, request) : undefined;
    if (next === undefined) return response;
    request = { ...next, timeout: Math.max(1, whole - (clock.now() - begun)) };
  }
}

/** The request with the cookies that belong to it, unless it says itself which. */
function withCookies(request: PreparedRequest, cookies: Cookies | undefined): PreparedRequest {
  if (cookies === undefined) return request;
  const { wire } = request;
  const headers = headersOf(request);
  const isSaid = headers.some(([name]) => name.toLowerCase() === 'cookie');
  const url = wire.origin + wire.path;
  const cookie = isSaid ? undefined : cookies.for(url);
  if (cookie === undefined) return request;
  const { method, body } = wire;
  const options = { headers: [...headers, ['cookie', cookie] as const], body };
  return { ...request, wire: prepare(method, url, options, undefined).wire };
}

/** Where an answer sends its request on to, and as what (RFC 9110, 15.4); undefined if it does not. */
function redirectOf(response: LoadResponse, request: PreparedRequest): PreparedRequest | undefined {
  const { status, url, headers } = response;
  const { location } = headers;
  if (!REDIRECTS.includes(status) || location === undefined) return undefined;
  const to = URL.canParse(location, url) ? new URL(location, url) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) return undefined;
  const { method, origin, body } = request.wire;
  const becomesGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
  const leaves = to.origin !== origin;
  const kept = headersOf(request).filter(
    ([name]) => !(leaves && OF_THE_ORIGIN.test(name)) && !(becomesGet && OF_A_BODY.test(name)),
  );
  const options = { headers: kept, body: becomesGet ? undefined : body };
  const next = prepare(becomesGet ? 'GET' : method, to, options, undefined);
  return { ...request, wire: next.wire, name: request.isNamed ? request.name : next.name };
}

function headersOf({ wire: { headers } }: PreparedRequest): Headers {
  const count = headers.length / 2;
  return Array.from({ length: count }, (_, i) => [headers[2 * i] ?? '', headers[2 * i + 1] ?? '']);
}
