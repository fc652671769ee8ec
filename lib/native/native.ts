import { AsyncResource } from 'node:async_hooks';
import { totalmem } from 'node:os';

import { loadAddon, type Addon } from './binding';
import { whyRefused } from '../base/copies';
import type { ActiveDomains } from './domain';
import { FiberError, nativeError } from '../base/errors';
import { keepHttpParsers } from './http-parsers';
import { TARGETS } from './targets';
import { hasFault } from './faults';
import { prepareWasmStacks } from './wasm-stacks';

/** How a fiber is named between TypeScript and C++: -1 created, -2 finished, else where its stack lies. */
export type Handle = number;
export const CREATED: Handle = -1;
export const FINISHED: Handle = -2;

/** The functions of src-native/fiber/callbacks.cc. */
export interface NativeFibers {
  resume(handle: Handle, value: unknown): unknown;
  raise(handle: Handle, error: unknown): unknown;
  kill(handle: Handle, error: unknown): unknown;
  condemn(error: unknown): void;
  yield(value?: unknown): unknown;
  start(...first: StartArguments): unknown;
  startTransfer(...first: StartArguments): unknown;
  /** The end of a body, with what lies in {@link outcome}. `nothing` is ignored: see lib/fiber/fiber.ts. */
  finish(nothing: undefined): object | undefined;
  fail(nothing: undefined): object | undefined;
  transfer(handle: Handle, value: unknown): unknown;
  transferToMain(value: unknown): unknown;
  /** As `start`, for a fiber that only suspends as the root of a chain: see src-native/fiber/chain.cc. */
  startTask(...first: StartArguments): unknown;
  /** As `startTask`, in the place of the running chain, which sleeps. */
  startOver(
    fiber: object,
    stackSize: number,
    frame: unknown,
    resource: AsyncResource | undefined,
    asyncId: number | undefined,
    triggerId: number | undefined,
    root: Handle,
  ): unknown;
  /** The end of a task's body; the chain `next` goes on in its place, -1: who waited for the task. */
  finishTask(next: Handle): object | undefined;
  /** Begins the body of another task on the stack of one whose body has ended. */
  restart(...first: StartArguments): void;
  leave(root: Handle, value?: unknown): unknown;
  enter(root: Handle, value?: unknown): unknown;
  enterRaise(root: Handle, error: unknown): unknown;
  enterKill(root: Handle, error: unknown): unknown;
  /** `ahead` will be handed over to soon: the processor may load it; -1: nobody will. */
  handOver(root: Handle, other: Handle, ahead: Handle): unknown;
  /** Makes the running fiber a handled body: see src-native/fiber/effects.cc. */
  beginHandled(...tags: number[]): Handle;
  /** Suspends up to the nearest handler of `tag`; returns `request` where there is none. */
  perform(tag: number, request: object): unknown;
  /** Whether the chain sleeps and can be continued. */
  isAsleep(root: Handle): boolean;
  isParkable(root: Handle): boolean;
  /** The fiber that this one waits for. */
  resumedBy(handle: Handle): object | undefined;
  /** What `fn()` returns, or `ended` when it used more than `ms` of processor time: src-native/fiber/cpu_limits.h. */
  limited(ms: number, fn: () => unknown, ended: symbol): unknown;
  /** The frames of what a limit last ended. */
  endedIn(): string;
  /**
   * From now on, tasks that hold the thread for more than `ms` are found, `writes`: told on stderr; Infinity: not any
   * more. False: there is no thread that could. See src-native/fiber/slow_tasks.h, also on what lies in `memory`.
   */
  watchSlowTasks(
    memory: Float64Array,
    name: [string | undefined],
    ms: number,
    writes: boolean,
  ): boolean;
  /** The frames of the last one that was found. */
  slowFrames(): string;
  current(): object | undefined;
  isYieldable(): boolean;
  state(handle: Handle): number;
  /** As {@link state}, of the main stack. */
  mainState(): number;
  inspect(handle: Handle): string | undefined;
  /** The AsyncContextFrame that runs now; null when async hooks want to see new resources. */
  currentFrame(evenIfHooked?: boolean): unknown;
  /** Tells the Fibers of bodies that V8 terminated, and gives their stacks back. */
  sweep(): void;
  /** What a promise was fulfilled with; `otherwise` when it was not. */
  fulfilledValue(promise: unknown, otherwise: unknown): unknown;
  readonly isDirect: boolean;
  readonly directFailure: string;
}

type StartArguments = [
  fiber: object,
  stackSize: number,
  frame: unknown,
  resource?: AsyncResource,
  asyncId?: number,
  triggerId?: number,
];

export interface NativeStats {
  readonly fibers: number;
  readonly parked: number;
  readonly stacksInUse: number;
  readonly stacksWarm: number;
  readonly stacksCold: number;
  readonly stacksTotal: number;
  readonly stacksUnguarded: number;
  readonly stacksTrimmed: number;
  readonly pageTablesDropped: number;
  readonly reservedBytes: number;
  readonly guard: string;
  readonly oldStacks: number;
  /** Empty: scavenges leave the old stacks out. */
  readonly whyNotFlat: string;
  readonly stacksVisitedByShape: number;
  readonly stacksWalkedByV8: number;
  readonly stacksCompared: number;
  readonly shapeMapBytes: number;
  /** Empty: shape maps are on, where scavenges are flat. */
  readonly whyNoShapeMaps: string;
}

export interface RuntimeOptions {
  stackSize: number;
  poolSize: number;
  /** Most stacks there may be. */
  maxStacks: number;
  /** Bytes of address space for stacks. */
  reservation: number;
  preferLocker: boolean;
}

/** What C++ calls. */
export interface RuntimeHooks {
  /** Runs bodies on a fiber's own stack until the stack is not needed any more. */
  main: (handle: Handle) => void;
  /** Returns the stack trace of the stack it is called on. */
  capture: () => string;
  /** Adds the frames of the caller to the stack trace of an error that leaves a fiber. */
  splice: (error: unknown) => void;
  /** Tells the Fiber of a body that V8 terminated that it is finished. */
  forget: (fiber: object) => void;
  /** Does nothing: its start serves a pending termination. */
  nothing: () => void;
  /** Whether the program has loaded `domain`. */
  usesDomains: () => boolean;
  /** Leaves the domains of the running stack, which are entered again when it is continued. */
  leaveDomains: () => ActiveDomains | undefined;
  enterDomains: (active: ActiveDomains | undefined) => void;
}

/**
 * What the body that has just ended answered or threw, for C++ to take out. As an argument it would be kept by the
 * frame of the caller, which may wait for the next body for ever. See src-native/v8_state/handover_box.h.
 */
export const outcome: [unknown] = [undefined];

export type Engine = 'direct' | 'locker' | 'none';

export const DEFAULT_STACK_SIZE = 256 * 1024;
const LEAST_RESERVATION = 2 ** 30;
export const DEFAULT_POOL_SIZE = 256;

/** One step of finding out whether an engine can be offered; see src-native/v8_state/calibration/step.h. */
export interface Step {
  readonly part: 'process' | 'node' | Engine;
  readonly name: string;
  /** Empty where it was found. */
  readonly missed: string;
}

/** The addon's runtime in this environment, or why there is none. */
export class Runtime {
  readonly addon: Addon | undefined;
  readonly fibers: NativeFibers;
  engine: Engine = 'none';
  /** Why `engine` is not a better one. */
  reason = '';

  /** Steps that JavaScript took, and all those of engines that were given up. */
  #tried: Step[] = [];
  readonly #givenUp: Step[] = [];

  readonly #hooks: RuntimeHooks & { makeError: typeof nativeError; outcome: typeof outcome };
  /** Another copy of greenfiber serves this thread. */
  readonly #refusal: string | undefined;

  constructor(hooks: RuntimeHooks) {
    this.#hooks = { ...hooks, makeError: nativeError, outcome };
    this.#refusal = whyRefused();
    const addon = this.#refusal ?? loadAddon();
    if (typeof addon === 'string') {
      this.reason = addon;
    } else {
      this.addon = addon;
    }
    this.fibers =
      this.#open(chosenEngine() === 'locker') ?? unsupported(() => this.unsupportedError());
    if (this.isUsable()) keepHttpParsers();
  }

  /** Gives up the direct engine; `reason` says which part of it could not be trusted. */
  fallBack(reason: string): void {
    this.#close();
    if (this.engine === 'direct' && chosenEngine() !== 'direct') {
      const fibers = this.#open(true);
      if (fibers !== undefined) {
        this.reason = reason;
        return;
      }
    }
    this.engine = 'none';
    this.reason = reason;
    Object.assign(
      this.fibers,
      unsupported(() => this.unsupportedError()),
    );
  }

  /** Everything that was looked for, in order. */
  steps(): readonly Step[] {
    const native = this.addon?.steps() ?? [];
    const now = native.map(([part, name, missed]) => ({ part, name, missed }));
    return [...this.#givenUp, ...now, ...this.#tried];
  }

  /** Notes what came of a step that JavaScript took. */
  note(step: Step): void {
    this.#tried.push(step);
  }

  isUsable(): boolean {
    return this.engine !== 'none';
  }

  unsupportedError(): FiberError {
    if (this.#refusal !== undefined) return new FiberError('ERR_FIBER_UNSUPPORTED', this.#refusal);
    const { v8, node, modules } = process.versions;
    return new FiberError(
      'ERR_FIBER_UNSUPPORTED',
      `Fibers cannot run here: ${this.reason}. ` +
        `Found Node ${node} (V8 ${v8}, ABI ${modules}, ${process.platform}-${process.arch}); ` +
        `needed: ${TARGETS}.` +
        (this.addon === undefined
          ? ''
          : ' If yours is one of these, please report this whole message at the issue tracker of greenfiber.'),
    );
  }

  #open(preferLocker: boolean): NativeFibers | undefined {
    if (this.addon === undefined) return undefined;
    // Code that V8 optimised before is thrown away by way of Intl: see src-native/v8_state/engine_flags.h.
    if (process.versions['icu'] === undefined || hasFault('intl')) {
      this.reason = 'missing: Intl, which this Node was built without';
      return undefined;
    }
    const useLocker = preferLocker || hasFault('calibration');
    if (useLocker && hasFault('locker')) {
      this.reason = 'missing: nothing (the fault was asked for)';
      return undefined;
    }
    const options = {
      stackSize: DEFAULT_STACK_SIZE,
      poolSize: DEFAULT_POOL_SIZE,
      maxStacks: mostStacks(),
      reservation: reservation(),
      preferLocker: useLocker,
    };
    const opened = this.addon.create(options, this.#hooks);
    if (typeof opened === 'string') {
      this.reason = `missing: ${opened}`;
      return undefined;
    }
    const resources = "the array of Node's execution resources";
    const areRight = this.#asyncPlacesAreRight(this.addon);
    this.note({ part: 'node', name: resources, missed: areRight ? '' : resources });
    if (!areRight) {
      this.#close();
      this.reason = `missing: ${resources}`;
      return undefined;
    }
    if (!opened.isDirect && chosenEngine() === 'direct') {
      this.#close();
      this.reason = `the direct engine was asked for, but is missing: ${opened.directFailure}`;
      return undefined;
    }
    this.engine = opened.isDirect ? 'direct' : 'locker';
    this.reason = opened.directFailure;
    prepareWasmStacks(this.addon);
    return opened;
  }

  #close(): void {
    this.#givenUp.push(...this.steps().slice(this.#givenUp.length));
    this.#tried = [];
    this.addon?.destroy();
  }

  #asyncPlacesAreRight(addon: Addon): boolean {
    const outer = new AsyncResource('FiberCalibration');
    const inner = new AsyncResource('FiberCalibration');
    return outer.runInAsyncScope(
      () => addon.confirmAsync(outer) && inner.runInAsyncScope(() => addon.confirmAsync(inner)),
    );
  }
}

/**
 * As many as three quarters of the machine's memory, or of what its control group allows, hold at a page each:
 * then `ERR_FIBER_OUT_OF_MEMORY` comes before the kernel ends the process.
 */
function mostStacks(): number {
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.floor((memory * 0.75) / 4096);
}

/** Room for four million stacks of the default size, or what `GREENFIBER_RESERVATION` asks for, in bytes. */
function reservation(): number {
  const asked = process.env['GREENFIBER_RESERVATION'];
  if (asked === undefined || asked === '') return 2 ** 40;
  const bytes = Number(asked);
  if (Number.isSafeInteger(bytes) && bytes >= LEAST_RESERVATION) return bytes;
  throw new FiberError(
    'ERR_FIBER_INVALID_ARG_VALUE',
    `The environment variable GREENFIBER_RESERVATION must be a number of bytes, ${String(LEAST_RESERVATION)} at ` +
      `least, not ${JSON.stringify(asked)}`,
  );
}

/** What `GREENFIBER_ENGINE` asks for. */
function chosenEngine(): 'direct' | 'locker' | undefined {
  const chosen = process.env['GREENFIBER_ENGINE'];
  if (chosen === undefined || chosen === '') return undefined;
  if (chosen === 'direct' || chosen === 'locker') return chosen;
  throw new FiberError(
    'ERR_FIBER_INVALID_ARG_VALUE',
    `The environment variable GREENFIBER_ENGINE must be "direct" or "locker", not ${JSON.stringify(chosen)}`,
  );
}

function unsupported(error: () => FiberError): NativeFibers {
  const refuse = (): never => {
    throw error();
  };
  return {
    resume: refuse,
    raise: refuse,
    kill: refuse,
    condemn: refuse,
    yield: refuse,
    start: refuse,
    startTransfer: refuse,
    finish: refuse,
    fail: refuse,
    transfer: refuse,
    transferToMain: refuse,
    startTask: refuse,
    startOver: refuse,
    finishTask: refuse,
    restart: refuse,
    leave: refuse,
    enter: refuse,
    enterRaise: refuse,
    enterKill: refuse,
    handOver: refuse,
    beginHandled: refuse,
    perform: refuse,
    isAsleep: () => false,
    isParkable: () => false,
    resumedBy: refuse,
    limited: refuse,
    endedIn: refuse,
    watchSlowTasks: () => true, // no task holds the thread
    slowFrames: () => '',
    current: () => undefined,
    isYieldable: () => false,
    state: refuse,
    mainState: refuse,
    inspect: refuse,
    currentFrame: refuse,
    sweep: () => undefined,
    fulfilledValue: refuse,
    isDirect: false,
    directFailure: '',
  };
}
