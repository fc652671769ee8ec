/**
 * The kit for building blocking primitives: what greenfiber's own locks, channels, streams and timers are made of. A primitive
 * puts the running task to sleep with a {@link Waiter} and wakes it when the time has come; cancellation, deadlock reports,
 * the inspector and simulations then know of it by themselves.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../inspect/reports';

export * from './kit';
