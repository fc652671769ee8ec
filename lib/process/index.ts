/**
 * Other processes, and this one's input, in blocking style.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;
import '../inspect/reports';

export { Child, spawn, type Exit } from './child';
export { exec, execFile, type ExecOptions, type Output } from './exec';
export { readLine, readLines } from './stdin';
