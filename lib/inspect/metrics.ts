import { threadPools } from '../base/thread-pools';
import { watchedSchedulers } from '../scheduler/deadlock';
import { Scheduler } from '../scheduler/scheduler';
import { tasksMade } from '../scheduler/task';
import { stats } from './stats';

/** The `Content-Type` of what {@link metrics} returns. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The values of one metric: by the labels that tell them apart, or one without. */
type Values = number | Record<string, number>;

class Exposition {
  text = '';

  gauge(name: string, help: string, values: Values): void {
    this.#add(name, 'gauge', help, values);
  }

  /** Of what only grows; Prometheus wants that said at the end of the name. */
  counter(name: string, help: string, values: Values): void {
    this.#add(`${name}_total`, 'counter', help, values);
  }

  #add(name: string, type: string, help: string, values: Values): void {
    const full = `greenfiber_${name}`;
    this.text += `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n`;
    const all = typeof values === 'number' ? { '': values } : values;
    for (const [labels, value] of Object.entries(all)) {
      this.text += `${full}${labels} ${String(value)}\n`;
    }
  }
}

/**
 * What greenfiber does in this thread, in the text format of Prometheus: tasks, fibers and their stacks, pools of
 * `greenfiber/offload`. Its cost does not depend on how many there are. Serve it as {@link metricsContentType}.
 */
export function metrics(): string {
  const exposition = new Exposition();
  addTasks(exposition);
  addStacks(exposition);
  addThreadPools(exposition);
  return exposition.text;
}

function addTasks(to: Exposition): void {
  const all = Array.from(new Set([Scheduler.default, ...watchedSchedulers()]), (one) =>
    one.stats(),
  );
  to.gauge('tasks', 'Tasks that have not ended.', sum(all, 'alive'));
  to.gauge('tasks_ready', 'Tasks that wait for their turn.', sum(all, 'ready'));
  to.counter('tasks_spawned', 'Tasks made so far.', tasksMade());
  const { turns, longestTurn } = Scheduler.default.stats();
  to.counter('turns', 'How often the event loop let tasks of the default scheduler run.', turns);
  to.gauge(
    'longest_turn_seconds',
    'For how long tasks of the default scheduler ran before the event loop got its turn, at most.',
    longestTurn / 1000,
  );
}

function addStacks(to: Exposition): void {
  const { alive, continuations, parked, stacks } = stats();
  to.gauge('fibers', 'Fibers that have started and not finished, those of tasks included.', alive);
  to.gauge('continuations', 'Sleeping bodies of handle and generate.', continuations);
  to.gauge('stacks', 'Stacks by what they are: warm ones keep their memory.', {
    '{state="in_use"}': stacks.inUse - parked,
    '{state="parked"}': parked,
    '{state="warm"}': stacks.warm,
    '{state="cold"}': stacks.cold,
  });
  to.gauge('stacks_unguarded', 'Stacks without a guard page below them.', stacks.unguarded);
  to.gauge(
    'stacks_reserved_bytes',
    'Address space of the stacks, which is not memory.',
    stacks.reservedBytes,
  );
  to.counter(
    'stacks_trimmed',
    'How often a stack was relieved of what a deep recursion left behind.',
    stacks.trimmed,
  );
  to.counter(
    'page_tables_dropped',
    'Page tables given back because every stack in them was cold.',
    stacks.pageTablesDropped,
  );
}

function addThreadPools(to: Exposition): void {
  const { open, closed } = threadPools;
  const all = Array.from(open, (pool) => pool.stats());
  const javaScript = all.map(({ js }) => js);
  const byKind = (native: number, inJavaScript: number): Values => ({
    '{kind="native"}': native,
    '{kind="js"}': inJavaScript,
  });
  to.gauge('offload_pools', 'Pools of greenfiber/offload that have not closed.', all.length);
  to.gauge(
    'offload_threads',
    'Threads of these pools.',
    byKind(sum(all, 'threads'), sum(javaScript, 'workers')),
  );
  to.counter(
    'offload_calls',
    'Calls so far.',
    byKind(closed.calls + sum(all, 'calls'), closed.javaScriptCalls + sum(javaScript, 'calls')),
  );
  to.gauge(
    'offload_calls_under_way',
    'Calls that have no outcome yet.',
    byKind(sum(all, 'underWay'), sum(javaScript, 'queued') + sum(javaScript, 'running')),
  );
  to.counter(
    'offload_batches',
    'Batches of native calls that went to a pool so far.',
    closed.batches + sum(all, 'batches'),
  );
  to.counter(
    'offload_calls_failed',
    'Native calls that failed.',
    closed.failed + sum(all, 'failed'),
  );
  to.counter(
    'offload_calls_cancelled',
    'Calls that were taken back because their task was cancelled.',
    closed.cancelled + sum(all, 'cancelled') + sum(javaScript, 'cancelled'),
  );
}

function sum<K extends string>(all: readonly Readonly<Record<K, number>>[], key: K): number {
  return all.reduce((total, one) => total + one[key], 0);
}
