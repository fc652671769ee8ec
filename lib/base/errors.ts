import { types } from 'node:util';

import { type FiberErrorCode } from './error-codes';

/** Names a class of errors: on its prototype, as Node does with its own. @internal */
export function nameErrors({ prototype }: { prototype: Error }, name: string): void {
  Object.defineProperty(prototype, 'name', { value: name, writable: true, configurable: true });
}

/** Any mistake in the use of greenfiber. Everything involved stays usable after it. */
export class FiberError extends Error {
  /** What went wrong; stable over releases, unlike the message. */
  readonly code: FiberErrorCode;

  constructor(code: FiberErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    nameErrors(this, 'FiberError');
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
    nameErrors(this, 'FiberKilled');
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
    nameErrors(this, 'AbortError');
  }
}

/** Raised by the blocking calls of a {@link timeout} or {@link deadline} whose time ran out. */
export class TimeoutError extends FiberError {
  constructor(message = 'The time ran out', options?: ErrorOptions) {
    super('ERR_TIMEOUT', message, options);
  }

  static {
    nameErrors(this, 'TimeoutError');
  }
}

/** Thrown by a {@link cpuLimit} that has ended what it ran; its stack begins where that was. */
export class CpuLimitError extends FiberError {
  constructor(message: string) {
    super('ERR_TASK_CPU_LIMIT', message);
  }

  static {
    nameErrors(this, 'CpuLimitError');
  }
}

const FINISHED = 'The fiber has finished: create a new one';

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
  ['ERR_FIBER_FINISHED', FINISHED],
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
  [
    'ERR_FIBER_RUNNING',
    'A fiber cannot be unwound from inside a fiber that it waits for: let this one end or yield first, or ' +
      'throw an error here that nobody catches',
  ],
  [
    'ERR_FIBER_UNSUPPORTED',
    'The thread that watches over processor time cannot be started: let the process have more threads',
  ],
];

/** @internal */
export function finishedError(): FiberError {
  return new FiberError('ERR_FIBER_FINISHED', FINISHED);
}

/** @internal */
export function nativeError(number: number): FiberError {
  const [code, message] = NATIVE_ERRORS[number] ?? [
    'ERR_FIBER_UNSUPPORTED',
    'Unknown native error',
  ];
  return new FiberError(code, message);
}

/** Whether it is an error, also one of another realm: a test runner's `vm` context, say. */
export function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

/** What somebody else's error says, which may be no `Error` at all. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
