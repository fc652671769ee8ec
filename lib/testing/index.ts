/**
 * Testing of code that blocks in tasks: every schedule of a seed, at no time at all.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;

export { simulate, SimulationError, type SimulateOptions, type SimulationReport } from './simulate';
