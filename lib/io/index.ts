/**
 * Blocking-style reading and writing over Node's own streams and sockets. All of it blocks tasks, never the
 * event loop.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../inspect/reports';

export { connect, connectTls } from './connect';
export { Connection } from './connection';
export type { OnConnectionError } from './converse';
export { frames, type Framing } from './framing';
export { LengthPrefixed, type LengthPrefixedOptions } from './length-prefixed';
export { LineFraming, type LineFramingOptions } from './line-framing';
export { listen, type ListenOptions } from './listen';
export { Listener, type ServeOptions } from './listener';
export { ObjectReader } from './object-reader';
export { Reader } from './reader';
export { Writer } from './writer';
