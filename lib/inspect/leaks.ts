import { reportDeadlock } from '../scheduler/deadlock';
import { formatFiber, formatTask } from './format';
import { snapshot } from './snapshot';
import { count } from '../base/words';

/** Tasks and fibers that the report shows, at most. */
const MOST = 10_000;

/**
 * At exit, reports whatever still sleeps: a suspended fiber is never collected, so each that nobody will continue is
 * a leak. Tasks of a deadlock have been reported by then.
 */
export function reportLeaksAtExit(): void {
  process.once('exit', () => {
    const deadlocked = new Set(Array.from(reportDeadlock(), ({ id }) => id));
    const { tasks, fibers, missing } = snapshot({ limit: MOST });
    const asleep = tasks.filter(({ status, id }) => status === 'parked' && !deadlocked.has(id));
    const suspended = fibers.filter(
      ({ state, task }) => state === 'suspended' && !(task !== null && deadlocked.has(task.id)),
    );
    if (asleep.length + suspended.length === 0) return;
    const paragraphs = [
      `greenfiber: ${count(asleep.length, 'task')} and ${count(suspended.length, 'fiber')} ` +
        'were still suspended at exit',
      ...missing,
      ...asleep.map((task) => formatTask(task)),
      ...suspended.map(formatFiber),
    ];
    process.stderr.write(`${paragraphs.join('\n\n')}\n`);
  });
}
