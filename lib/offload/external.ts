import { currentTask, type Task } from '../scheduler/task';
import type { CallBatch } from './call-batch';
import type { ExternalArgument, Signature } from './signature';

/** What an external function returns: nothing, a number, or a bigint where an integer is too large for one. */
export type ExternalResult = undefined | number | bigint;

/**
 * A native function that runs on a pool. In a task, calling it sleeps until the pool has run it, and returns its
 * result. On the main stack it returns a promise of that, as `promised` does everywhere.
 */
export interface ExternalFn<
  A extends ExternalArgument[] = ExternalArgument[],
  R extends ExternalResult = ExternalResult,
> {
  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_OFFLOAD_BUFFER`,
   * `ERR_OFFLOAD_CLOSED`, `ERR_OFFLOAD_ABANDONED`, `ERR_FIBER_NOT_YIELDABLE`; {@link OffloadError}; the reason of a
   * scope that was cancelled before the call began
   */
  (...args: A): R;
  /** Always returns a promise; never throws. */
  promised(...args: A): Promise<R>;
  readonly name: string;
}

/** Takes calls. */
export interface CallSink {
  /** The batch that the next call goes to. */
  open(): CallBatch;
  /** The arguments are in the batch: sleeps until the call was run, or returns a promise. */
  enter(batch: CallBatch, signature: Signature, buffer: unknown, task: Task | undefined): unknown;
}

/** @internal */
export function externalFunction(sink: CallSink, signature: Signature): ExternalFn {
  const { arity } = signature;

  // Written out, because an array of the arguments would be the most expensive part of a call.
  function dispatch(
    count: number,
    task: Task | undefined,
    a: unknown,
    b: unknown,
    c: unknown,
    d: unknown,
    e: unknown,
    f: unknown,
  ): unknown {
    if (count !== arity) throw signature.wrongCount(count);
    const batch = sink.open();
    const { base } = batch;
    let buffer: unknown;
    if (arity > 0) buffer = signature.write(batch, base, 0, a);
    if (arity > 1) buffer = signature.write(batch, base, 1, b) ?? buffer;
    if (arity > 2) buffer = signature.write(batch, base, 2, c) ?? buffer;
    if (arity > 3) buffer = signature.write(batch, base, 3, d) ?? buffer;
    if (arity > 4) buffer = signature.write(batch, base, 4, e) ?? buffer;
    if (arity > 5) buffer = signature.write(batch, base, 5, f) ?? buffer;
    return sink.enter(batch, signature, buffer, task);
  }

  function external(
    a?: unknown,
    b?: unknown,
    c?: unknown,
    d?: unknown,
    e?: unknown,
    f?: unknown,
  ): unknown {
    const task = currentTask();
    if (task?.isCancelled === true) throw task.scope.reason;
    return dispatch(arguments.length, task, a, b, c, d, e, f);
  }

  Object.defineProperties(external, {
    name: { value: signature.name },
    promised: {
      // eslint-disable-next-line @typescript-eslint/require-await
      value: async (...args: unknown[]) =>
        dispatch(args.length, undefined, args[0], args[1], args[2], args[3], args[4], args[5]),
    },
  });
  return external as unknown as ExternalFn;
}
