export { simulate, SimulationError, type SimulateOptions, type SimulationReport } from './index.js';
