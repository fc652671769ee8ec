import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http';

import { type FiberErrorCode } from '../base/error-codes';
import { FiberError, nameErrors } from '../base/errors';
import { checkInteger, checkObject, wrongType } from '../base/validators';

export interface HttpErrorOptions extends ErrorOptions {
  /** Default `ERR_HTTP_STATUS`. */
  code?: FiberErrorCode;
  /** Whether the client is told the message. Default: below 500. */
  expose?: boolean;
  /** Of the answer: `www-authenticate`, `retry-after` and the like. */
  headers?: OutgoingHttpHeaders;
}

/**
 * An error that is an answer: `statusCode` is sent, and from `expose` the message, by {@link createServer} and by
 * the error handling of Express, Fastify and Koa, which look for the same properties.
 *
 * ```js
 * throw new HttpError(404, 'no such thing');
 * ```
 */
export class HttpError extends FiberError {
  /** The status of the answer. */
  readonly statusCode: number;
  /** The same, as Koa calls it. */
  readonly status: number;
  /** Whether the client is told the message. */
  readonly expose: boolean;
  /** Of the answer. */
  readonly headers: OutgoingHttpHeaders | undefined;

  /**
   * @param statusCode - from 400 to 599
   * @param message - default: what the status is called
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(statusCode: number, message?: string, options: HttpErrorOptions = {}) {
    checkInteger('statusCode', statusCode, 400, 599);
    if (message !== undefined && typeof message !== 'string') {
      throw wrongType('message', 'a string', message);
    }
    checkObject('options', options);
    const { code = 'ERR_HTTP_STATUS', expose = statusCode < 500, headers } = options;
    super(code, message ?? STATUS_CODES[statusCode] ?? `Status ${String(statusCode)}`, options);
    this.statusCode = this.status = statusCode;
    this.expose = expose;
    this.headers = headers;
  }

  static {
    nameErrors(this, 'HttpError');
  }
}
