import { inspect, types } from 'node:util';

import { Group } from '../scheduler/group';
import { Task } from '../scheduler/task';
import type { Wait } from './types';
import { label } from '../base/words';

/** Characters that a value is given, at most. */
const LONGEST_VALUE = 200;
/** Holders of a lock that are named, at most. */
const MOST_HOLDERS = 5;
/** Cycles that are looked for, at most: their number grows exponentially. */
const MOST_CYCLES = 100;

/** A value in a few words. Runs no code of the program. */
export function show(value: unknown, depth = 1): string {
  try {
    const text = inspect(value, {
      depth,
      breakLength: Infinity,
      customInspect: false,
      maxArrayLength: 10,
      maxStringLength: LONGEST_VALUE,
    });
    return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
  } catch {
    return '(cannot be shown)';
  }
}

/** What a task waits for, in a few words: its class, its name if it has one, and who holds it. */
export function describe(on: unknown): string {
  if (Array.isArray(on)) return on.map(describe).join(' or ');
  if (on instanceof Task) return label(on);
  if (typeof on === 'string') return on;
  const kind = show(on, -1)
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/ \{\}$/, '');
  const name = peek(on, 'name');
  const what =
    typeof on === 'object' && typeof name === 'string' && name !== '' ? `${kind} "${name}"` : kind;
  const holders = on instanceof Group ? [] : owners(on);
  if (holders.length === 0) return what;
  const rest = holders.length - MOST_HOLDERS;
  const more = rest > 0 ? ` and ${String(rest)} more` : '';
  return `${what}, held by ${holders.slice(0, MOST_HOLDERS).map(label).join(', ')}${more}`;
}

/** Whom a parked task waits for, as far as that can be told. */
export function waitsOf(task: Task): Wait[] {
  const { waiter } = task;
  if (waiter === undefined || task.status !== 'parked') return [];
  const { what: call, on } = waiter;
  // A select ends with the first of its cases.
  const needed = !Array.isArray(on) || on.length === 1;
  return [...new Set(owners(on))].map(({ id }) => ({ from: task.id, to: id, call, needed }));
}

/** Who has to act before a sleep on `on` ends: a joined task, a lock's holders, a group's members. */
function owners(on: unknown): Task[] {
  if (Array.isArray(on)) return on.flatMap(owners);
  const found = on instanceof Task ? [on] : peek(on, 'owners');
  if (!Array.isArray(found)) return [];
  return found.filter((task) => task instanceof Task && !task.done) as Task[];
}

/** A property of what may be a stranger's object. */
function peek(on: unknown, key: string): unknown {
  if (typeof on !== 'object' || on === null || types.isProxy(on) || types.isPromise(on)) {
    return undefined;
  }
  try {
    return (on as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Circles of needed waits: at least one for every set of tasks that wait for each other. */
export function cyclesOf(waits: readonly Wait[]): number[][] {
  const next = new Map<number, number[]>();
  for (const { from, to, needed } of waits) {
    if (!needed) continue;
    const known = next.get(from);
    if (known === undefined) next.set(from, [to]);
    else known.push(to);
  }
  const cycles: number[][] = [];
  const seen = new Set<number>();
  for (const start of next.keys()) {
    // Depth first, without recursion: chains of waiting tasks are as long as they like.
    const path: { id: number; left: number[] }[] = [];
    const depth = new Map<number, number>();
    const enter = (id: number): void => {
      seen.add(id);
      depth.set(id, path.length);
      path.push({ id, left: [...(next.get(id) ?? [])] });
    };
    if (!seen.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const id = top.left.pop();
      if (id === undefined) {
        path.pop();
        depth.delete(top.id);
      } else if (depth.has(id)) {
        if (cycles.length < MOST_CYCLES)
          cycles.push(path.slice(depth.get(id)).map((step) => step.id));
      } else if (!seen.has(id)) {
        enter(id);
      }
    }
  }
  return cycles;
}
