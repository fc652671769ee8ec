/**
 * HTTP servers whose handlers block: over `node:http`, and for Express, Fastify and Koa.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../reports';

export { buffer, json, text, type BodyOptions } from './body';
export type { OnHandlerError } from './failure';
export { fiberHandler } from './fiber-handler';
export { HttpError } from './http-error';
export { send, type SendOptions } from './send';
export { createServer, FiberServer, type FiberServerOptions, type Handler } from './server';
