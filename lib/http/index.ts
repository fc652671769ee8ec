/**
 * HTTP servers whose handlers block: over `node:http`, and for Express, Fastify and Koa.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../inspect/reports';

export { buffer, json, text, type BodyOptions } from './body';
export type { OnHandlerError } from './failure';
export { fiberHandler, type FiberHandlerOptions } from './fiber-handler';
export { HttpError, type HttpErrorOptions } from './http-error';
export { send, type SendOptions } from './send';
export { createServer, FiberServer, type FiberServerOptions, type Handler } from './server';
export { shutdown, type AnyServer, type FastifyLike } from './shutdown';
