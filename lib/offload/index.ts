/**
 * Native functions that run on other cores while fibers go on.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../inspect/reports';

export { OffloadError } from './call-batch';
export type { ExternalFn, ExternalResult } from './external';
export type { JavaScriptFn, Returned, SelfContained } from './javascript-function';
export type { JavaScriptStats } from './javascript-pool';
export {
  Offload,
  type CloseOptions,
  type ExternalLibrary,
  type OffloadOptions,
  type OffloadStats,
} from './offload';
export type { ExternalArgument } from './signature';
