import { runtime } from '../fiber/fiber';
import { instruments } from '../fiber/instruments';
import type { KeepAlive } from '../lowlevel/kit';

/** A function of a library as it describes itself. */
export interface FunctionDescription {
  name: string;
  /** See include/greenfiber.h. */
  signature: string;
}

/** The functions of a library have consecutive numbers, or there is something wrong with it. */
export type LibraryDescription =
  | { first: number; functions: FunctionDescription[] }
  | { code: 'ERR_OFFLOAD_LIBRARY' | 'ERR_OFFLOAD_ABI'; reason: string };

/** The functions of src-native/offload/functions.cc. */
export interface NativeOffload {
  /** The pool's number, or why there is none. */
  startPool(threads: number, pin: boolean): number | string;
  /** None of its batches is under way. */
  stopPool(pool: number): void;
  /** The process does not wait for its batches any more. */
  abandonPool(pool: number): void;
  /** Whether the process waits for batches that are under way. */
  keepAlive(wanted: boolean): void;
  /** The names of the functions that run now. */
  running(pool: number): string[];
  /** Returns where in the memory the batch begins. */
  addBatch(id: number, memory: SharedArrayBuffer, capacity: number): number;
  dropBatch(id: number): void;
  /** Returns how many calls were refused; -1: memory is out, and nothing was submitted. */
  submit(pool: number, id: number, count: number, hold: boolean, ...buffers: unknown[]): number;
  /**
   * How many batches have been completed, after a short look for them if `look` says so; 0: the event loop will
   * tell. Has to be called before the event loop goes on after a `submit` with `hold`.
   */
  poll(look: boolean): number;
  message(id: number, index: number): string;
  load(path: string): LibraryDescription;
}

/** Is told that its batch was run. */
export interface Completable {
  complete(): void;
  /** Whether the process waits for one of its callers. */
  readonly keepsAlive: boolean;
}

const completed = new Int32Array(256);
const batches: (Completable | undefined)[] = [];
/** Places in it that are free. */
const free: number[] = [];
let native: NativeOffload | undefined;

/**
 * The native side in this thread.
 *
 * @throws {@link FiberError} `ERR_FIBER_UNSUPPORTED`
 */
export function nativeOffload(): NativeOffload {
  if (native !== undefined) return native;
  const { addon } = runtime;
  if (addon === undefined) throw runtime.unsupportedError();
  return (native = addon.openOffload(completeFirst, completed) as NativeOffload);
}

function completeFirst(count: number): void {
  for (let i = 0; i < count; i++) batches[completed[i] ?? -1]?.complete();
}

let underWay = 0;

/** Batches have gone to a pool, or come back: while there are any, schedulers ask for what has come back. */
export function countUnderWay(change: 1 | -1): void {
  underWay += change;
  if (underWay > 0) instruments.collect = collect;
  if (hasBackground) updateLoop();
}

/** Whether a caller may be a task in the background. */
let hasBackground = false;

/** For the sleep of a caller: see {@link Task.ref}. */
export const calls: KeepAlive = {
  keepAlive: () => {
    callInBackground();
    updateLoop();
  },
};

/** A task in the background is going to call. */
export function callInBackground(): void {
  hasBackground = true;
}

function updateLoop(): void {
  hasBackground = underWay > 0;
  nativeOffload().keepAlive(!hasBackground || batches.some((batch) => batch?.keepsAlive === true));
}

/** Is asked until it has answered false once without a batch under way: only then will the event loop be woken again. */
function collect(look: boolean): boolean {
  const count = nativeOffload().poll(look && underWay > 0);
  if (count === 0 && underWay === 0) instruments.collect = undefined;
  completeFirst(count);
  return count > 0;
}

/** Gives a batch a number that no other one has now. */
export function enlist(batch: Completable): number {
  const id = free.pop() ?? batches.length;
  batches[id] = batch;
  return id;
}

/** The number may be another batch's from now on. */
export function discharge(id: number): void {
  native?.dropBatch(id);
  batches[id] = undefined;
  free.push(id);
}
