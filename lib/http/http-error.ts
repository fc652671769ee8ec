import { FiberError, type FiberErrorCode } from '../errors';

/**
 * An error that is an answer: `statusCode` is sent, and from `expose` the message, by {@link createServer} and by
 * the error handling of Express, Fastify and Koa, which look for the same properties.
 */
export class HttpError extends FiberError {
  /** The status of the answer. */
  readonly statusCode: number;
  /** The same, as Koa calls it. */
  readonly status: number;
  /** Whether the client is told the message. */
  readonly expose: boolean;

  constructor(code: FiberErrorCode, statusCode: number, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.statusCode = this.status = statusCode;
    this.expose = statusCode < 500;
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'HttpError',
      writable: true,
      configurable: true,
    });
  }
}
