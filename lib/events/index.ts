/**
 * Events of emitters in blocking style.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../inspect/reports';

export type { EventName } from './emitter';
export { on, type Events, type OnOptions } from './on';
export { once } from './once';
