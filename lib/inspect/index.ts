/**
 * Seeing inside: every fiber and task, where it is, where it came from, what it waits for.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;

export {
  diagnosticsChannels,
  type Deadlock,
  type TaskEnded,
  type TaskKilled,
  type TaskSpawned,
} from '../scheduler/diagnostics';
export { dumpOn, type Registration } from './dump';
export { disable, enable, type EnableOptions } from './enable';
export { format, type FormatOptions } from './format';
export { metrics, metricsContentType } from './metrics';
export { serve, type InspectServer, type ServeOptions } from './serve';
export { snapshot, type SnapshotOptions } from './snapshot';
export type {
  CallCount,
  Creation,
  FiberSnapshot,
  Label,
  SchedulerSnapshot,
  ScopeSnapshot,
  Sleep,
  Snapshot,
  TaskSnapshot,
  Wait,
} from './types';
