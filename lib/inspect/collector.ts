import { performance } from 'node:perf_hooks'; // the global of that name is looked up at every use

import type { Fiber } from '../fiber/fiber';
import { instruments } from '../fiber/instruments';
import { current, ignoreSwitches, observeSwitches } from '../scheduler/current';
import type { Task } from '../scheduler/task';
import { captureFramesLazily } from '../base/stack-trace';
import type { Creation, Label } from './types';

/** Frames of a creation stack, at most. */
const CREATION_FRAMES = 32;
/** Node's module loader and the like, which tell nothing of who made something. */
const NODE_FRAME = /\(?node:internal\//;

interface Origin {
  readonly stack: () => string;
  readonly at: number;
  readonly by: Label | null;
}

/** What a task used of the thread. */
interface Account {
  /** Milliseconds up to the last switch. */
  spent: number;
  /** When it was last left. */
  left: number;
}

let collecting = false;
let lastSwitch = 0;
const origins = new WeakMap<Fiber, Origin>();
const accounts = new WeakMap<Task, Account>();
/** Fibers that began while collecting and have not ended. */
const alive = new Set<Fiber>();

const fiberObserver = {
  created(fiber: Fiber): void {
    const { task } = current;
    origins.set(fiber, {
      stack: captureFramesLazily(CREATION_FRAMES),
      at: performance.now(),
      // No reference: every task would keep all its ancestors.
      by: task === undefined ? null : { id: task.id, name: task.name },
    });
  },
  started(fiber: Fiber): void {
    alive.add(fiber);
  },
  ended(fiber: Fiber): void {
    alive.delete(fiber);
  },
};

function switched(from: Task | undefined): void {
  const now = performance.now();
  if (from !== undefined) {
    const spent = now - lastSwitch;
    const account = accounts.get(from);
    if (account === undefined) accounts.set(from, { spent, left: now });
    else {
      account.spent += spent;
      account.left = now;
    }
  }
  lastSwitch = performance.now();
}

/** See {@link enable}, which checks the arguments. */
export function startCollecting(): void {
  if (collecting) return;
  collecting = true;
  lastSwitch = performance.now();
  instruments.observer = fiberObserver;
  observeSwitches(switched);
}

/** See {@link disable}. */
export function stopCollecting(): void {
  if (!collecting) return;
  collecting = false;
  instruments.observer = undefined;
  ignoreSwitches(switched);
  // From now on their ends would go unnoticed.
  alive.clear();
}

export function isCollecting(): boolean {
  return collecting;
}

/** Fibers that began while collecting and have not ended, tasks' own among them. */
export function knownFibers(): Iterable<Fiber> {
  return alive;
}

/** Where a fiber was made; null unless it was while collecting. */
export function creationOf(fiber: Fiber): Creation | null {
  const origin = origins.get(fiber);
  if (origin === undefined) return null;
  const frames = origin.stack().split('\n');
  const stack = frames.filter((frame) => !NODE_FRAME.test(frame)).join('\n');
  return { stack, age: performance.now() - origin.at, by: origin.by };
}

/** Milliseconds for which a task held the thread while collecting; null unless collecting. */
export function timeOnThread(task: Task): number | null {
  if (!collecting) return null;
  const spent = accounts.get(task)?.spent ?? 0;
  return task === current.task ? spent + performance.now() - lastSwitch : spent;
}

/** Milliseconds since a task was left; null unless that was while collecting. */
export function timeAsleep(task: Task): number | null {
  const account = collecting ? accounts.get(task) : undefined;
  return account === undefined ? null : performance.now() - account.left;
}
