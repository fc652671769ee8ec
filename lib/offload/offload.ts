import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { FiberError } from '../base/errors';
import { threadPools } from '../base/thread-pools';
import { checkDuration, checkInteger, checkObject, wrongType } from '../base/validators';
import { currentTask } from '../scheduler/task';
import { Waiter } from '../lowlevel/kit';
import { externalFunction, type ExternalFn, type ExternalResult } from './external';
import { Gatherer } from './gatherer';
import { javaScriptFunction, type JavaScriptFn, type SelfContained } from './javascript-function';
import { JavaScriptPool, type JavaScriptStats } from './javascript-pool';
import { nativeOffload, type LibraryDescription } from './native';
import { Signature, type ExternalArgument } from './signature';
import { showAs } from '../base/look';

const MOST_THREADS = 1024;
/** The buffers of a batch are the arguments of one native call. */
const LARGEST_BATCH = 1000;
const DEFAULT_BATCH = { size: 100, delay: 50 };

export interface OffloadOptions {
  /** Default: `os.availableParallelism()`. */
  threads?: number;
  /** Whether each thread stays on one processor of those that the process may use. Default false. */
  pin?: boolean;
  /**
   * When calls that were gathered go to the pool: as soon as there are `size` (default 100, at most 1000), or
   * `delay` microseconds (default 50) after the first, or when no task is ready to add another one.
   */
  batch?: { size?: number; delay?: number };
}

export interface CloseOptions {
  /**
   * Milliseconds that calls may take to end. Then all callers get an error; worker threads are ended, and threads in
   * native functions left to themselves. Default `Infinity`: all calls are run to their end. 0: at once.
   */
  grace?: number;
}

export interface OffloadStats {
  readonly threads: number;
  /** Calls so far. */
  readonly calls: number;
  /** Batches that went to the pool so far. */
  readonly batches: number;
  /** Calls that have no outcome yet. */
  readonly underWay: number;
  /** Of them, those that have not gone to the pool. */
  readonly gathered: number;
  /** Calls that were refused for their buffer, or answered a status other than 0. */
  readonly failed: number;
  /** Calls that were taken back because their task was cancelled. */
  readonly cancelled: number;
  /** The external functions that run now. */
  readonly running: readonly string[];
  /** Calls of {@link Offload.js}, which the other figures leave out. */
  readonly js: JavaScriptStats;
  /** `closing` until the last call has ended. */
  readonly state: 'open' | 'closing' | 'closed';
}

/** A library of external functions that was loaded. */
export interface ExternalLibrary {
  readonly path: string;
  /** The names of its functions. */
  readonly names: readonly string[];
  /**
   * A function of it.
   *
   * @throws {@link FiberError} `ERR_OFFLOAD_SYMBOL`, `ERR_FIBER_INVALID_ARG_TYPE`
   */
  fn<A extends ExternalArgument[] = ExternalArgument[], R extends ExternalResult = ExternalResult>(
    name: string,
  ): ExternalFn<A, R>;
}

/**
 * A pool of threads that run native functions while fibers go on, after Dew: calls are gathered into batches, go
 * to the pool through a lock-free queue, and come back with one wake-up of the event loop for all that have ended.
 *
 * Each call is run once, on some thread, in no particular order among calls that are under way together. Its buffer
 * stays valid, and cannot be detached, until the function returns.
 */
export class Offload {
  readonly #gatherer: Gatherer;
  readonly #threads: number;
  readonly #javaScript: JavaScriptPool;

  /**
   * Starts the threads.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_OFFLOAD_THREADS`,
   * `ERR_FIBER_UNSUPPORTED`
   */
  constructor(options: OffloadOptions = {}) {
    checkObject('options', options);
    const { threads = availableParallelism(), pin = false, batch = {} } = options;
    checkInteger('options.threads', threads, 1, MOST_THREADS);
    if (typeof pin !== 'boolean') throw wrongType('options.pin', 'a boolean', pin);
    checkObject('options.batch', batch);
    const { size = DEFAULT_BATCH.size, delay = DEFAULT_BATCH.delay } = batch;
    checkInteger('options.batch.size', size, 1, LARGEST_BATCH);
    checkDuration('options.batch.delay', delay);
    this.#threads = threads;
    this.#gatherer = new Gatherer(startPool(threads, pin), size, delay / 1000);
    this.#javaScript = new JavaScriptPool(threads);
    threadPools.open.add(this);
    void Promise.allSettled([this.#gatherer.closed, this.#javaScript.closed]).then(() => {
      this.#leaveCounts();
    });
  }

  #leaveCounts(): void {
    const { calls, batches, failed, cancelled, js } = this.stats();
    const { open, closed } = threadPools;
    open.delete(this);
    closed.calls += calls;
    closed.javaScriptCalls += js.calls;
    closed.batches += batches;
    closed.failed += failed;
    closed.cancelled += cancelled + js.cancelled;
  }

  /**
   * Loads a shared library of external functions: see include/greenfiber.h. It stays loaded until the process ends.
   *
   * @param library - its path, or a name without a slash that the dynamic loader knows
   * @throws {@link FiberError} `ERR_OFFLOAD_LIBRARY`, `ERR_OFFLOAD_ABI`, `ERR_OFFLOAD_CLOSED`,
   * `ERR_FIBER_INVALID_ARG_TYPE`
   */
  load(library: string): ExternalLibrary {
    if (typeof library !== 'string') throw wrongType('library', 'a path', library);
    this.#gatherer.checkOpen();
    const path = library.includes('/') ? resolve(library) : library;
    return this.#library(path, nativeOffload().load(path));
  }

  /**
   * The blocking view of a JavaScript function that runs in a worker thread: it has to be self-contained, because
   * only its source goes there. Arguments and result are cloned, and it may be async. In a task the view sleeps, on
   * the main stack it returns a promise. Calls begin in the order in which they were made. Cancelling the task takes
   * a call that has not begun back, and ends the worker thread of one that has.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`; `ERR_FIBER_INVALID_ARG_VALUE` for a function without a
   * source of its own; `ERR_OFFLOAD_CLOSED`
   */
  js<A extends unknown[], R>(fn: SelfContained<A, R>): JavaScriptFn<A, R> {
    this.#gatherer.checkOpen();
    return javaScriptFunction(this.#javaScript, fn);
  }

  /** Gives the calls that were gathered to the pool now. */
  flush(): void {
    this.#gatherer.flush();
  }

  /** What has happened so far. */
  stats(): OffloadStats {
    const { state, ...stats } = this.#gatherer.stats();
    const isClosing = state === 'closed' && this.#javaScript.state !== 'closed';
    return {
      threads: this.#threads,
      ...stats,
      js: this.#javaScript.stats(),
      state: isClosing ? 'closing' : state,
    };
  }

  /**
   * Ends the pool: from now on calls are refused, and those that were made are run to their end, or as long as
   * `grace` allows; see {@link destroy}. In a task it sleeps until that is done, and returns undefined; on the main
   * stack it returns a promise.
   *
   * @throws {@link FiberError} `ERR_OFFLOAD_CLOSED` the second time; `ERR_FIBER_INVALID_ARG_TYPE`,
   * `ERR_FIBER_INVALID_ARG_VALUE`; the reason of a cancelled scope: the pool is closed nevertheless
   */
  close(options: CloseOptions = {}): Promise<void> | undefined {
    checkObject('options', options);
    const { grace = Infinity } = options;
    checkDuration('options.grace', grace);
    this.#gatherer.close(grace);
    this.#javaScript.close(grace);
    const done = Promise.all([this.#gatherer.closed, this.#javaScript.closed]);
    const task = currentTask();
    if (task === undefined) return done.then(noop);
    const waiter = new Waiter<undefined>(task, 'Offload.close', this);
    done.then(
      () => waiter.wake(undefined),
      (error: unknown) => waiter.fail(error),
    );
    if (task.isCancelled) throw task.scope.reason;
    waiter.park(noop);
    return undefined;
  }

  /**
   * Ends the pool now, also one that is closing: what the grace of {@link close} does when it is over. Whoever sleeps in
   * `close` goes on. Does not block, and does nothing the second time.
   */
  destroy(): void {
    this.#gatherer.destroy();
    this.#javaScript.destroy();
  }

  #library(path: string, description: LibraryDescription): ExternalLibrary {
    if ('code' in description) {
      const { code, reason } = description;
      const remedy =
        code === 'ERR_OFFLOAD_ABI'
          ? 'update greenfiber, or build the library with the greenfiber.h of this version'
          : 'see include/greenfiber.h for how a library is built';
      throw new FiberError(code, `The library ${path} cannot be used: ${reason}; ${remedy}`);
    }
    const signatures = description.functions.map(
      ({ name, signature }, i) => new Signature(name, description.first + i, signature),
    );
    const names = signatures.map(({ name }) => name);
    const fn = (name: string): ExternalFn => {
      if (typeof name !== 'string') throw wrongType('name', 'a string', name);
      const signature = signatures[names.indexOf(name)];
      if (signature === undefined) {
        throw new FiberError(
          'ERR_OFFLOAD_SYMBOL',
          `The library ${path} has no function ${JSON.stringify(name)}: it has ${names.join(', ') || 'none'}`,
        );
      }
      return externalFunction(this.#gatherer, signature);
    };
    return { path, names, fn: fn as ExternalLibrary['fn'] };
  }
}

showAs(Offload, (offload) => ({ ...offload.stats() }));

const noop = (): void => undefined;

function startPool(threads: number, pin: boolean): number {
  const started = nativeOffload().startPool(threads, pin);
  if (typeof started === 'number') return started;
  throw new FiberError(
    'ERR_OFFLOAD_THREADS',
    `${String(threads)} threads cannot be started: ${started}: ask for fewer, or raise the process's limits`,
  );
}
