import { Fiber as Greenfiber, isSupported } from '../index';
import type FiberType from './fibers';
import { fibersCreated, getPoolSize, setPoolSize } from './pool';
import { Run, type Body, type Identity } from './run';
import { letFibersWait } from './wait';

type FiberConstructor = typeof FiberType;

// `fibers` cannot be loaded where it cannot run. This throws ERR_FIBER_UNSUPPORTED, and says why.
if (!isSupported) new Greenfiber(() => undefined);

class FiberObject {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  run(...args: unknown[]): unknown {
    const identity = FiberObject.#identityOf(this);
    const state = identity.run?.state ?? 'finished';
    if (state !== 'finished' && state !== 'suspended') {
      throw new Error('This Fiber is already running');
    }
    if (args.length > 1) throw new TypeError('run() excepts 1 or no arguments'); // sic
    identity.object = this;
    return state === 'finished' ? start(identity, args) : identity.run?.resume(args[0]);
  }

  throwInto(...args: unknown[]): unknown {
    const run = FiberObject.#yieldingRunOf(this);
    if (args.length > 1) throw new TypeError('throwInto() expects 1 or no arguments');
    run.identity.object = this;
    return run.throw(args[0]);
  }

  reset(...args: unknown[]): unknown {
    if (!isStarted(FiberObject.#identityOf(this))) return undefined;
    const run = FiberObject.#yieldingRunOf(this);
    if (args.length > 0) throw new TypeError('reset() expects no arguments');
    run.identity.object = this;
    return run.unwind();
  }

  /** Undefined for the prototype, which is no fiber. */
  get started(): boolean | undefined {
    return #identity in this ? isStarted(this.#identity) : undefined;
  }

  static #identityOf(receiver: unknown): Identity {
    if (typeof receiver === 'object' && receiver !== null && #identity in receiver) {
      return receiver.#identity;
    }
    throw new TypeError('Illegal invocation');
  }

  static #yieldingRunOf(receiver: unknown): Run {
    const { run } = FiberObject.#identityOf(receiver);
    if (run?.state !== 'suspended') throw new Error('This Fiber is not yielding');
    return run;
  }
}

function isStarted({ run }: Identity): boolean {
  return run !== undefined && !run.done;
}

/** Calls the body on a stack of its own. */
function start(identity: Identity, args: readonly unknown[]): unknown {
  const run = new Run(identity, args.length > 0);
  identity.run = run;
  try {
    return run.resume(args[0]);
  } catch (error) {
    if (run.state !== 'created') throw error;
    identity.run = undefined;
    if ((error as { code?: unknown }).code !== 'ERR_FIBER_OUT_OF_MEMORY') throw error;
    throw new RangeError('Out of memory', { cause: error });
  }
}

function construct(...args: unknown[]): FiberType {
  const [body] = args;
  if (args.length !== 1) throw new TypeError('Fiber expects 1 argument');
  if (typeof body !== 'function') throw new TypeError('Fiber expects a function');
  const identity: Identity = {
    body: body as Body,
    run: undefined,
    object: undefined,
    sleeper: undefined,
  };
  const target = (new.target as FiberConstructor | undefined) ?? Fiber;
  return Reflect.construct(FiberObject, [identity], target) as FiberType;
}

function suspend(...args: unknown[]): unknown {
  const { running } = Run;
  if (running === undefined) throw new Error('yield() called with no fiber running');
  return running.sleep(args);
}

function current(): FiberType | undefined {
  const identity = Run.running?.identity;
  // The object of an abandoned fiber is gone when the fiber is unwound.
  return identity && ((identity.object ??= new FiberObject(identity)) as FiberType);
}

/** Assignments to what only the library knows are ignored in `fibers`, in strict code as well. */
function ignore(): void {
  return undefined;
}

/** No class, for a class cannot be called without `new`. */
export const Fiber = Object.defineProperties(construct, {
  name: { value: 'Fiber', configurable: true },
  prototype: { value: FiberObject.prototype },
  yield: { value: suspend, writable: true, enumerable: true, configurable: true },
  current: { get: current, set: ignore, enumerable: true, configurable: true },
  poolSize: { get: getPoolSize, set: setPoolSize, enumerable: true, configurable: true },
  fibersCreated: { get: fibersCreated, set: ignore, enumerable: true, configurable: true },
}) as unknown as FiberConstructor;

Object.defineProperty(FiberObject.prototype, 'constructor', { value: Fiber });
// Programs copy them by `for … in`.
for (const name of ['run', 'reset', 'throwInto', 'started']) {
  Object.defineProperty(FiberObject.prototype, name, { enumerable: true });
}

letFibersWait(Fiber);
