/**
 * Seeing inside: every fiber and task, where it is, where it came from, what it waits for.
 *
 * @packageDocumentation
 */
import { isServedByAnotherCopy } from '../copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;

export { dumpOn, type Registration } from './dump';
export { disable, enable, type EnableOptions } from './enable';
export { format } from './format';
export { serve, type InspectServer, type ServeOptions } from './serve';
export { snapshot, type SnapshotOptions } from './snapshot';
export type {
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
