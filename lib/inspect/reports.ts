/**
 * Where the layers below meet lib/inspect, which few programs need: it is loaded when there is something to report,
 * or `GREENFIBER_DEBUG=1` asks for it. Every entry point that can start a task imports this.
 */
import { loadLate } from '../base/copies';
import { instruments } from '../fiber/instruments';
import type { Task } from '../scheduler/task';
import type * as deadlock from './deadlock';
import type * as debugging from './debug';

instruments.describeDeadlock = (asleep) =>
  loadLate(() => require('./deadlock') as typeof deadlock).describeDeadlock(
    asleep as readonly Task[],
  );

/** See {@link debug} in lib/inspect/debug.ts. */
export function debugIfAskedTo(): void {
  if (process.env['GREENFIBER_DEBUG'] !== '1') return;
  loadLate(() => require('./debug') as typeof debugging).debug();
}
