import { vu } from '../vu';
import { ask } from './browse';
import { prepare, type RequestOptions } from './request';
import type { LoadResponse } from './response';

/**
 * Sends a request and sleeps until it is answered. Every user has connections of its own, which stay open from one
 * iteration to the next. A failure of the network is not thrown: see {@link LoadResponse.failure}.
 *
 * @throws {@link FiberError} `ERR_LOAD_NO_USER`, `ERR_LOAD_NO_TARGET` for a relative URL without a target,
 * `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE` for a request that cannot be sent: a method or header
 * that HTTP does not allow, a length that is not the body's; the reason of a cancelled scope
 */
function request(method: string, url: string | URL, options: RequestOptions = {}): LoadResponse {
  const user = vu();
  return ask(user, prepare(method, url, options, user.context.plan.target));
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

/** HTTP in blocking style, over HTTP/1.1 or HTTP/2; see {@link request}. */
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
