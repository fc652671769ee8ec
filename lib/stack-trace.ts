import { join } from 'node:path';

import { isError } from './errors';

/** Lines of a stack trace that lie in this library, as compiled or, with source maps, as written. */
const OWN_FRAME = new RegExp(
  `[(\\s/]${escape(join(__dirname, '..'))}[/\\\\](dist|lib)[/\\\\](?:[^/\\\\]+[/\\\\])?[^/\\\\]+:\\d+:\\d+\\)?$`,
);

/** Frames that are not on the stack, but wait for it: they belong to whoever runs the microtask. */
const ASYNC_FRAME = /^\s+at async /;

/** Frames a captured stack trace shows at most. */
const CAPTURED_FRAMES = 200;

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The frames of a stack trace, without its headline and without this library's own. */
function framesOf(trace: string): string {
  return trace
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !OWN_FRAME.test(line))
    .join('\n');
}

function withoutLines(trace: string, unwanted: RegExp): string {
  return trace
    .split('\n')
    .filter((line) => !unwanted.test(line))
    .join('\n');
}

function setLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // Under --frozen-intrinsics the limit stays what it is.
  }
}

/** The frames of the stack it is called on, and no others. */
export function captureOwnFrames(): string {
  return withoutLines(captureFrames(), ASYNC_FRAME);
}

/** The frames of the stack it is called on, one a line. */
export function captureFrames(limit = CAPTURED_FRAMES): string {
  const { stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    setLimit(limit);
    Error.captureStackTrace(holder, captureFrames);
    return typeof holder.stack === 'string' ? framesOf(holder.stack) : '';
  } catch {
    return ''; // a program's own Error.prepareStackTrace threw
  } finally {
    setLimit(stackTraceLimit);
  }
}

/**
 * The frames of the stack it is called on, written out when the answer is called: writing costs far more than
 * capturing, and most traces are never read.
 */
export function captureFramesLazily(limit: number): () => string {
  const { stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    setLimit(limit);
    Error.captureStackTrace(holder, captureFramesLazily);
  } finally {
    setLimit(stackTraceLimit);
  }
  return () => {
    try {
      return typeof holder.stack === 'string' ? framesOf(holder.stack) : '';
    } catch {
      return ''; // a program's own Error.prepareStackTrace threw
    }
  };
}

/** A trace that {@link spliceFrames} gave an error, and the async frames in it. */
interface Spliced {
  trace: string;
  asyncFrames: Set<string>;
}

const spliced = new WeakMap<Error, Spliced>();

/**
 * Appends the caller's frames to an error that leaves a fiber. V8 records only the frames of the stack an
 * error is made on, and the fiber's ends at its body.
 */
export function spliceFrames(error: unknown): void {
  try {
    if (!isError(error)) return;
    const { stack } = error;
    if (typeof stack !== 'string') return;
    const frames = captureFrames(Error.stackTraceLimit);
    if (frames === '') return;
    // From fiber to fiber the trace only grows: to read it again at each would be quadratic.
    const known = spliced.get(error);
    const { trace, asyncFrames } = known?.trace === stack ? known : readTrace(stack);
    const added = frames.split('\n').filter((line) => !asyncFrames.has(line));
    for (const line of added) if (ASYNC_FRAME.test(line)) asyncFrames.add(line);
    const longer = trace + ['', ...added].join('\n');
    error.stack = longer;
    spliced.set(error, { trace: longer, asyncFrames });
  } catch {
    // A frozen error, or a getter that throws: it goes to the resumer as it is.
  }
}

function readTrace(stack: string): Spliced {
  const trace = withoutLines(stack, OWN_FRAME);
  return {
    trace,
    asyncFrames: new Set(trace.split('\n').filter((line) => ASYNC_FRAME.test(line))),
  };
}
