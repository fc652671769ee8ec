import { types } from 'node:util';

/**
 * What went wrong, as a stable string.
 *
 * | code | meaning |
 * |---|---|
 * | `ERR_FIBER_NOT_IN_FIBER` | a suspension was asked for on the main stack |
 * | `ERR_FIBER_RUNNING` | the fiber runs already, or waits for a fiber that it resumed |
 * | `ERR_FIBER_FINISHED` | the fiber has ended |
 * | `ERR_FIBER_NOT_YIELDABLE` | a frame that cannot be left lies between the call and the fiber's bottom |
 * | `ERR_FIBER_TRANSFER` | resume, yield and transfer were mixed against the rules |
 * | `ERR_FIBER_WASM_STACKS` | a suspendable WebAssembly export was to be made |
 * | `ERR_FIBER_NESTING` | too many fibers resume each other |
 * | `ERR_FIBER_OUT_OF_MEMORY` | no stack could be had for another fiber |
 * | `ERR_FIBER_KILLED` | the fiber is being unwound by `return()` ({@link FiberKilled}) |
 * | `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE` | an argument is not what it has to be |
 * | `ERR_FIBER_ASYNC_FUNCTION` | an async function was given where nobody can wait for its promise |
 * | `ABORT_ERR` | a blocking call's scope was cancelled ({@link AbortError}) |
 * | `ERR_TIMEOUT` | the time that a blocking call's scope was given ran out ({@link TimeoutError}) |
 * | `ERR_TASK_JOINS_ITSELF` | a task would wait for its own end |
 * | `ERR_GROUP_CLOSED` | a group has ended and takes no further tasks |
 * | `ERR_CALLBACK_TWICE` | a callback that ends a blocking call came a second time |
 * | `ERR_CHANNEL_CLOSED` | a value was sent to a channel that is closed |
 * | `ERR_SELECT_EMPTY` | a select without cases would sleep for ever |
 * | `ERR_LOCK_BROKEN` | the task that held a lock ended without releasing it |
 * | `ERR_LOCK_NOT_OWNER` | a lock is released by a task that does not hold it |
 * | `ERR_LOCK_REENTRANT` | a task would wait for a lock that it holds itself |
 * | `ERR_BARRIER_BROKEN` | a task left a barrier before all had come |
 * | `ERR_EFFECT_UNHANDLED` | no handler of the effect is around the call |
 * | `ERR_CONTINUATION_USED` | a continuation was continued before |
 * | `ERR_CONTINUATION_SCOPE` | a continuation has a timeout, group or shield of another task open |
 * | `ERR_STREAM_BUSY` | another task, pipe or reader reads the stream, or accepts from the listener |
 * | `ERR_STREAM_PREMATURE_CLOSE` | a stream was destroyed before its end |
 * | `ERR_STREAM_TRUNCATED` | a stream ended in the middle of what was to be read |
 * | `ERR_STREAM_ENDED` | a write to a stream that was ended |
 * | `ERR_FRAME_TOO_LONG` | a line, frame or stream is longer than its limit |
 * | `ERR_HTTP_BODY_TOO_LARGE` | a request's body is longer than its limit |
 * | `ERR_HTTP_BODY_INVALID` | a request's body is not JSON |
 * | `ERR_HTTP_CLIENT_GONE` | the client closed the connection before it was answered |
 * | `ERR_HTTP_NOT_ANSWERED` | a handler returned, or its time ran out, without an answer |
 * | `ERR_OFFLOAD_LIBRARY` | a library of external functions cannot be loaded, or is none |
 * | `ERR_OFFLOAD_ABI` | a library was built for a newer interface than this greenfiber knows |
 * | `ERR_OFFLOAD_SYMBOL` | a library has no external function of this name |
 * | `ERR_OFFLOAD_FAILED` | an external function answered a status that is not 0 |
 * | `ERR_OFFLOAD_BUFFER` | a buffer was detached before its call began, or could be resized during it |
 * | `ERR_OFFLOAD_CLOSED` | a pool was closed |
 * | `ERR_OFFLOAD_ABANDONED` | an external function ran on when the time its pool was given to close was over |
 * | `ERR_OFFLOAD_THREADS` | the threads of a pool cannot be started, or memory for calls is out |
 * | `ERR_SIMULATION_FAILED` | a schedule of a simulation failed |
 * | `ERR_LOAD_NO_USER` | a client, check or metric of a load test was used outside of a virtual user |
 * | `ERR_LOAD_NO_TARGET` | a load test asks for a relative URL, and no target was named |
 * | `ERR_LOAD_SCENARIO` | a module is no scenario of a load test, or could not be loaded |
 * | `ERR_LOAD_RESULTS` | results of load tests that cannot be read or merged |
 * | `ERR_FIBER_UNSUPPORTED` | this platform, Node or V8 cannot run fibers |
 */
export type FiberErrorCode =
  | 'ERR_FIBER_NOT_IN_FIBER'
  | 'ERR_FIBER_RUNNING'
  | 'ERR_FIBER_FINISHED'
  | 'ERR_FIBER_NOT_YIELDABLE'
  | 'ERR_FIBER_TRANSFER'
  | 'ERR_FIBER_WASM_STACKS'
  | 'ERR_FIBER_NESTING'
  | 'ERR_FIBER_OUT_OF_MEMORY'
  | 'ERR_FIBER_KILLED'
  | 'ERR_FIBER_INVALID_ARG_TYPE'
  | 'ERR_FIBER_INVALID_ARG_VALUE'
  | 'ERR_FIBER_ASYNC_FUNCTION'
  | 'ABORT_ERR'
  | 'ERR_TIMEOUT'
  | 'ERR_TASK_JOINS_ITSELF'
  | 'ERR_GROUP_CLOSED'
  | 'ERR_CALLBACK_TWICE'
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_SELECT_EMPTY'
  | 'ERR_LOCK_BROKEN'
  | 'ERR_LOCK_NOT_OWNER'
  | 'ERR_LOCK_REENTRANT'
  | 'ERR_BARRIER_BROKEN'
  | 'ERR_EFFECT_UNHANDLED'
  | 'ERR_CONTINUATION_USED'
  | 'ERR_CONTINUATION_SCOPE'
  | 'ERR_STREAM_BUSY'
  | 'ERR_STREAM_PREMATURE_CLOSE'
  | 'ERR_STREAM_TRUNCATED'
  | 'ERR_STREAM_ENDED'
  | 'ERR_FRAME_TOO_LONG'
  | 'ERR_HTTP_BODY_TOO_LARGE'
  | 'ERR_HTTP_BODY_INVALID'
  | 'ERR_HTTP_CLIENT_GONE'
  | 'ERR_HTTP_NOT_ANSWERED'
  | 'ERR_OFFLOAD_LIBRARY'
  | 'ERR_OFFLOAD_ABI'
  | 'ERR_OFFLOAD_SYMBOL'
  | 'ERR_OFFLOAD_FAILED'
  | 'ERR_OFFLOAD_BUFFER'
  | 'ERR_OFFLOAD_CLOSED'
  | 'ERR_OFFLOAD_ABANDONED'
  | 'ERR_OFFLOAD_THREADS'
  | 'ERR_SIMULATION_FAILED'
  | 'ERR_LOAD_NO_USER'
  | 'ERR_LOAD_NO_TARGET'
  | 'ERR_LOAD_SCENARIO'
  | 'ERR_LOAD_RESULTS'
  | 'ERR_FIBER_UNSUPPORTED';

/** Any mistake in the use of greenfiber. Everything involved stays usable after it. */
export class FiberError extends Error {
  /** What went wrong; stable over releases, unlike the message. */
  readonly code: FiberErrorCode;

  constructor(code: FiberErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'FiberError',
      writable: true,
      configurable: true,
    });
  }
}

/**
 * Raised at the suspension point of a fiber that {@link Fiber.return} unwinds, so that its `finally` blocks
 * run. JavaScript has no error that runs `finally` and cannot be caught, so a `catch` sees it; let it pass.
 * Every later suspension of the fiber raises it again.
 */
export class FiberKilled extends FiberError {
  constructor() {
    super('ERR_FIBER_KILLED', 'This fiber is being unwound: let this error pass');
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'FiberKilled',
      writable: true,
      configurable: true,
    });
  }
}

/**
 * Raised by the blocking calls of a scope that was cancelled without another reason; named and coded as Node's own.
 */
export class AbortError extends FiberError {
  constructor(message = 'The operation was cancelled', options?: ErrorOptions) {
    super('ABORT_ERR', message, options);
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'AbortError',
      writable: true,
      configurable: true,
    });
  }
}

/** Raised by the blocking calls of a {@link timeout} or {@link deadline} whose time ran out. */
export class TimeoutError extends FiberError {
  constructor(message = 'The time ran out', options?: ErrorOptions) {
    super('ERR_TIMEOUT', message, options);
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'TimeoutError',
      writable: true,
      configurable: true,
    });
  }
}

// In the order of ErrorCode in src-native/fiber/error_code.h.
const NATIVE_ERRORS: readonly (readonly [FiberErrorCode, string])[] = [
  [
    'ERR_FIBER_NOT_IN_FIBER',
    'Only a fiber can be suspended, and this is the main stack: call it from inside a Fiber, where what follows an ' +
      'await, or is called by a timer or an event, is not',
  ],
  [
    'ERR_FIBER_RUNNING',
    'The fiber is running, or waits for a fiber that it resumed: it must yield before it can be resumed',
  ],
  ['ERR_FIBER_FINISHED', 'The fiber has finished: create a new one'],
  [
    'ERR_FIBER_NOT_YIELDABLE',
    'The stack cannot be left here: it is draining microtasks, called from a suspendable WebAssembly export, ' +
      'or having its trace taken; ask Fiber.isYieldable() first',
  ],
  [
    'ERR_FIBER_TRANSFER',
    'A fiber entered by transfer can neither yield nor be resumed, one that yielded can only be resumed, ' +
      'and one that resumes another cannot be transferred to',
  ],
  [
    'ERR_FIBER_NESTING',
    'Too many fibers resume each other (the limit is 10,000): let some of them yield',
  ],
  [
    'ERR_FIBER_OUT_OF_MEMORY',
    'No stack could be had for another fiber: let fibers finish, use a smaller stackSize, or raise the ' +
      "process's limits of memory and address space",
  ],
  [
    'ERR_FIBER_NOT_YIELDABLE',
    "A task's own stack has nobody to yield to: call yieldNow() or another blocking function, or run a " +
      'Fiber inside the task',
  ],
  [
    'ERR_FIBER_NOT_IN_FIBER',
    'What would be suspended is not around this call: call it from inside the body, in the same task',
  ],
];

/** @internal */
export function nativeError(number: number): FiberError {
  const [code, message] = NATIVE_ERRORS[number] ?? [
    'ERR_FIBER_UNSUPPORTED',
    'Unknown native error',
  ];
  return new FiberError(code, message);
}

/** Also for an error of another realm: a test runner's `vm` context, say. @internal */
export function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

/** What somebody else's error says, which may be no `Error` at all. @internal */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
