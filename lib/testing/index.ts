/**
 * Testing of code that blocks in tasks: every schedule of a seed, at no time at all.
 *
 * @packageDocumentation
 */
export { simulate, SimulationError, type SimulateOptions, type SimulationReport } from './simulate';
