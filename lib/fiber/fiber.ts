import { AsyncResource } from 'node:async_hooks';

import { serveThread } from '../base/copies';
import {
  activeDomains,
  enterDomains,
  keepDomainsOf,
  leaveDomains,
  usesDomains,
  type ActiveDomains,
} from '../native/domain';
import { FiberKilled, finishedError } from '../base/errors';
import { LATE, type FiberAccess, type Locals } from './fiber-access';
import { iterate } from './fiber-iterator';
import { instruments } from './instruments';
import { stateOf, type FiberState } from './fiber-state';
import { trimWhileIdle } from '../native/idle';
import { showAs } from '../base/look';
import { MainStack } from './main-stack';
import { CREATED, FINISHED, outcome, type Handle } from '../native/native';
import { checkFiberOptions, checkFunction, type FiberOptions } from '../base/validators';
import { bodies, Ending, runtime as opened } from '../native/runtime';
import { verifyEngine } from '../native/self-test';
import { captureOwnFrames } from '../base/stack-trace';
import { leaveStoresByFlow } from '../native/storage-switch';
import { warnOfTermination } from './termination';

// A constant: what is passed on becomes an accessor, and all that this file exports a hash table.
export const runtime = opened;

/** `areUsed`: a fiber-local was ever set, in whatever fiber. */
const locals: { areUsed: boolean; ofMain: Locals | undefined } = {
  areUsed: false,
  ofMain: undefined,
};

const native = runtime.fibers;
// By names of their own, which compiled code embeds: in an object with so many properties each call would look
// its function up in a hash table. (Where no engine works, no fiber has a handle to call them with.)
const {
  current,
  currentFrame,
  restart,
  resume: resumeNative,
  start: startFiber,
  startOver,
  startTask,
  startTransfer,
  transfer: transferNative,
} = native;

if (runtime.isUsable()) leaveStoresByFlow(() => current() !== undefined);

let lastId = 0;

/** What others inside may do with a {@link Fiber}. @internal */
export let access: FiberAccess;

/**
 * A function with a native stack of its own: it can be suspended at any call depth, through any built-in, and
 * continued later.
 *
 * ```js
 * const fiber = new Fiber((first) => {
 *   const second = [1].map(() => Fiber.yield(first + 1))[0];
 *   return second * 10;
 * });
 * fiber.resume(1); // 2
 * fiber.resume(4); // 40
 * ```
 *
 * @typeParam Y - what it yields
 * @typeParam R - what it returns
 * @typeParam N - what it is resumed with
 */
export class Fiber<Y = unknown, R = unknown, N = unknown> implements Iterable<Y>, Disposable {
  /** A number no other fiber of this thread has. */
  readonly id: number;

  #handle: Handle = CREATED;
  #body: ((first: never) => unknown) | undefined;
  /** The first value; later what `return()` returns. */
  #value: unknown = undefined;
  /** The AsyncContextFrame it was created in (Node 22 and later). */
  #frame: unknown;
  /** Its execution resource when async hooks are watching; otherwise it is one itself. */
  #resource: AsyncResource | undefined = undefined;
  #name: string | undefined = undefined;
  #stackSize = 0;
  #domains: ActiveDomains | undefined = undefined;
  #killed: FiberKilled | undefined = undefined;
  #belongsToTask = false;
  #locals: Locals | undefined = undefined;

  /**
   * @param body - runs on the first {@link resume}, with the value passed to it
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`;
   * `ERR_FIBER_UNSUPPORTED` where `isSupported` is false
   */
  constructor(body: (first: N) => R, options?: FiberOptions);
  /** @internal */
  constructor(body: (first: N) => R, options: undefined, late: typeof LATE, frame: unknown);
  constructor(body: (first: N) => R, options?: FiberOptions, late?: typeof LATE, frame?: unknown) {
    checkFunction('body', body);
    if (runtime.engine === 'none') throw runtime.unsupportedError();
    this.id = ++lastId;
    this.#body = body;
    if (late === LATE) {
      this.#frame = frame;
      return;
    }
    this.#frame = currentFrame();
    if (this.#frame === null) this.#becomeResource();
    if (locals.areUsed) this.#locals = access.locals();
    if (options !== undefined) {
      const { name, stackSize } = checkFiberOptions(options);
      this.#name = name;
      this.#stackSize = stackSize ?? 0;
    }
    instruments.observer?.created(this);
  }

  /**
   * Continues the fiber until it yields or returns, and returns what it yielded or returned. The first call
   * starts the body with `value`; later ones make {@link Fiber.yield} return `value`. An error that
   * leaves the body finishes the fiber and is thrown here, its stack trace continued with the caller's.
   *
   * @throws {@link FiberError} `ERR_FIBER_RUNNING`, `ERR_FIBER_FINISHED`, `ERR_FIBER_TRANSFER`,
   * `ERR_FIBER_NESTING`, `ERR_FIBER_OUT_OF_MEMORY`
   */
  resume(value?: N): Y | R {
    const handle = this.#handle;
    if (handle >= 0) return resumeNative(handle, value) as Y | R;
    return this.#begin(value) as Y | R;
  }

  /**
   * Raises `error` where the fiber is suspended, and returns what it yields or returns then. A created fiber is
   * finished without running and `error` is thrown to the caller. In a fiber that waits for one that it resumed, the
   * error is raised in the innermost of those that wait for each other: if that is the caller, at this call.
   *
   * Whoever waited for the fiber waits no more: the caller does, and a fiber whose place it takes can be transferred to.
   *
   * @throws {@link FiberError} `ERR_FIBER_RUNNING` where it belongs to a task that sleeps, `ERR_FIBER_FINISHED`,
   * `ERR_FIBER_TRANSFER` where it is a task, `ERR_FIBER_NESTING`; and what leaves the body
   */
  throw(error: unknown): Y | R {
    if (this.#handle === CREATED) {
      this.#end();
      throw error;
    }
    if (this.#handle === FINISHED) throw finishedError();
    return native.raise(this.#handle, error) as Y | R;
  }

  /**
   * Unwinds the fiber with a {@link FiberKilled} error where it is suspended, so that its `finally` blocks
   * run, and gives its stack back; first those that it waits for. Returns `{ done: true }` with what the body returned
   * on the way out, else with `value`. Always ends: a fiber that suspends 100 times all the same is terminated without
   * further `finally` blocks, with a process warning.
   *
   * As with {@link throw}, the caller takes the place of whoever waited for the fiber.
   *
   * @throws {@link FiberError} `ERR_FIBER_RUNNING` where the fiber waits for the caller, or belongs to a task that
   * sleeps; `ERR_FIBER_TRANSFER` where it is a task; and any error other than the `FiberKilled` that leaves the body
   */
  return(value?: R): IteratorResult<Y, R> {
    if (this.#handle === CREATED) this.#end();
    if (this.#handle === FINISHED) return { done: true, value: value as R };
    const killed = (this.#killed ??= new FiberKilled());
    this.#value = value;
    if (this === Fiber.current) {
      native.condemn(killed);
      throw killed;
    }
    for (;;) {
      const result = native.kill(this.#handle, killed);
      if (this.#handle === FINISHED) return { done: true, value: result as R };
      if (this.done) {
        native.sweep();
        warnOfTermination(this.name);
        return { done: true, value: value as R };
      }
      // Others took our place, and continued us by a transfer before it was over.
    }
  }

  /** {@link resume} with a generator's manners: a finished fiber returns `{ done: true }`. */
  next(value?: N): IteratorResult<Y, R> {
    if (this.#handle === FINISHED) return { done: true, value: undefined as R };
    const answer = this.resume(value);
    return this.done ? { done: true, value: answer as R } : { done: false, value: answer as Y };
  }

  /**
   * Leaves the running fiber (or the main stack) for this one, which is not its child: it cannot yield back.
   * Returns what the caller is given when it is transferred to, or what a fiber that was entered by transfer ended with.
   * Ruby's rules: a fiber entered by transfer may neither yield nor be resumed; one that yielded can only be resumed;
   * one that transferred away can only be transferred to; when a fiber entered by transfer finishes, control goes to the
   * innermost fiber that the main stack waits for, or to the main stack.
   *
   * @throws {@link FiberError} `ERR_FIBER_TRANSFER`, `ERR_FIBER_FINISHED`, `ERR_FIBER_NOT_YIELDABLE`,
   * `ERR_FIBER_OUT_OF_MEMORY`
   */
  transfer(value?: N): unknown {
    if (this.#handle >= 0) return transferNative(this.#handle, value);
    return this.#begin(value, startTransfer);
  }

  /** Where the fiber is in its life. */
  get state(): FiberState {
    if (this.#handle === CREATED) return 'created';
    if (this.#handle === FINISHED) return 'finished';
    return stateOf(native.state(this.#handle));
  }

  /** Whether the body has ended, in whatever way. */
  get done(): boolean {
    return this.#handle === FINISHED || this.state === 'finished';
  }

  /** Shown in stack dumps and warnings. */
  get name(): string {
    return this.#name ?? `fiber ${String(this.id)}`;
  }

  set name(name: string) {
    this.#name = checkFiberOptions({ name }).name;
  }

  /** The JavaScript frames of where the fiber is, innermost first, one a line; empty when it has none. */
  get stack(): string {
    const state = this.state;
    if (state === 'running') return captureOwnFrames();
    if (state === 'created' || state === 'finished') return '';
    return native.inspect(this.#handle) ?? '';
  }

  /** What the fiber yields; `return()` is called when the loop is left early. */
  [Symbol.iterator](): IterableIterator<Y> {
    return iterate(this);
  }

  /** {@link return}, for `using`. */
  [Symbol.dispose](): void {
    this.return();
  }

  /**
   * Suspends the running fiber, at any call depth, and makes its resumer's {@link resume} return
   * `value`. Returns what the fiber is resumed with next.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` on the main stack, `ERR_FIBER_NOT_YIELDABLE`,
   * `ERR_FIBER_TRANSFER`; and whatever {@link throw} or {@link return} raise here
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the answer
  static readonly yield = native.yield as <T = unknown>(value?: unknown) => T;

  /** What fibers {@link transfer} to for going back to where the thread began. */
  static readonly main = new MainStack();

  /** The running fiber; undefined on the main stack. */
  static get current(): Fiber | undefined {
    return current() as Fiber | undefined;
  }

  /** Whether {@link Fiber.yield} would suspend here. Never throws. */
  static isYieldable(): boolean {
    return native.isYieldable();
  }

  static {
    bodies.run = (body, handle) => {
      const fiber = body as Fiber;
      fiber.#handle = handle;
      let result: unknown;
      let failed = false;
      try {
        if (fiber.#domains !== undefined) enterDomains(fiber.#domains);
        const body = fiber.#body as (first: unknown) => unknown;
        const value = fiber.#value;
        fiber.#value = undefined;
        result = body(value);
      } catch (error) {
        failed = error !== fiber.#killed || error === undefined;
        result = failed ? error : fiber.#value;
      }
      fiber.#end();
      if (usesDomains()) {
        if (failed) keepDomainsOf(result);
        leaveDomains();
      }
      if (failed || !fiber.#belongsToTask) {
        outcome[0] = result;
        return failed ? Ending.failed : Ending.finished;
      }
      if (typeof result === 'number') return result;
      const next = result as Fiber;
      if (next.#resource === undefined) restart(next, next.#stackSize, next.#frame);
      else next.#enterStack(restart);
      return next;
    };
    bodies.forget = (fiber) => {
      (fiber as Fiber).#end();
    };
    showAs(Fiber, (fiber) => ({ id: fiber.id, name: fiber.#name, state: fiber.state }));
    access = {
      locals: () => {
        const fiber = current() as Fiber | undefined;
        return fiber === undefined ? locals.ofMain : fiber.#locals;
      },
      setLocals: (values) => {
        locals.areUsed = true;
        const fiber = current() as Fiber | undefined;
        if (fiber === undefined) locals.ofMain = values;
        else fiber.#locals = values;
      },
      localsOf: (fiber) => fiber.#locals,
      handleOf: (fiber) => fiber.#handle,
      frameOfLateFiber: () => {
        const needsFiber =
          instruments.observer !== undefined || locals.areUsed || runtime.engine === 'none';
        return needsFiber ? null : currentFrame();
      },
      startTask: (fiber, value) => {
        fiber.#belongsToTask = true;
        fiber.#prepare(value);
        // Not by way of #enterStack: compiled code knows the function here.
        if (fiber.#resource === undefined) return startTask(fiber, fiber.#stackSize, fiber.#frame);
        return fiber.#enterStack(startTask);
      },
      startOver: (fiber, value, root) => {
        fiber.#belongsToTask = true;
        fiber.#prepare(value);
        const resource = fiber.#resource;
        startOver(
          fiber,
          fiber.#stackSize,
          fiber.#frame,
          resource,
          resource?.asyncId(),
          resource?.triggerAsyncId(),
          root,
        );
      },
      prepare: (fiber, value) => {
        fiber.#belongsToTask = true;
        fiber.#prepare(value);
      },
    };
  }

  #begin(value: unknown, start = startFiber): unknown {
    if (this.#handle === FINISHED) throw finishedError();
    this.#prepare(value);
    return this.#enterStack(start);
  }

  #prepare(value: unknown): void {
    this.#value = value;
    instruments.observer?.started(this);
    if (runtime.addon !== undefined) trimWhileIdle(runtime.addon);
  }

  #enterStack(start: typeof startFiber): unknown {
    const resource = this.#resource;
    if (resource === undefined) return start(this, this.#stackSize, this.#frame);
    return start(
      this,
      this.#stackSize,
      this.#frame,
      resource,
      resource.asyncId(),
      resource.triggerAsyncId(),
    );
  }

  #end(): void {
    this.#handle = FINISHED;
    instruments.observer?.ended(this);
    this.#body = undefined;
    this.#value = undefined;
    this.#frame = undefined;
    this.#domains = undefined;
    if (this.#resource !== undefined) {
      this.#resource.emitDestroy();
      this.#resource = undefined;
    }
  }

  /** Async hooks want to see a resource (and AsyncLocalStorage of Node 20 and 22 works through them). */
  #becomeResource(): void {
    this.#frame = native.currentFrame(true);
    this.#resource = new AsyncResource('Fiber', { requireManualDestroy: true });
    if (usesDomains()) this.#domains = activeDomains();
  }
}

verifyEngine(runtime, Fiber);
if (runtime.isUsable()) serveThread();
