import { join } from 'node:path';

import { isError } from './errors';
import { PACKAGE } from './place';

/** Where this library lies, as compiled or, with source maps, as written. In a bundle it is the program's own code. */
const OWN_FOLDERS = ['dist', 'lib'].flatMap((folder) =>
  PACKAGE === undefined ? [] : [`${join(PACKAGE, folder)}/`],
);

/** Where another copy of it does. */
const COPIES = ['dist', 'lib'].map((folder) => `/node_modules/greenfiber/${folder}/`);

// Without regular expressions, whose compiled code would be the larger part of what this file needs.

function isFrame(line: string): boolean {
  return line.trimStart().startsWith('at ');
}

/** Whether the frame is not on the stack, but waits for it: such belong to whoever runs the microtask. */
function isAsync(line: string): boolean {
  return line.trimStart().startsWith('at async ');
}

function isOwn(line: string): boolean {
  if (!isFrame(line)) return false;
  const named = line.indexOf(' (');
  const nameless = isAsync(line) ? 'at async ' : 'at ';
  const place =
    named >= 0 ? line.slice(named + 2) : line.slice(line.indexOf(nameless) + nameless.length);
  const path = place.startsWith('file://') ? place.slice('file://'.length) : place;
  if (OWN_FOLDERS.some((folder) => path.startsWith(folder))) return true;
  return path.startsWith('/') && COPIES.some((folder) => path.includes(folder));
}

/** Frames that an error's trace may have above V8's limit, however far it goes. */
const ADDED_FRAMES = 50;

/** Frames a captured stack trace shows at most. */
const CAPTURED_FRAMES = 200;

/** The frames of a stack trace, without its headline and without this library's own. */
function framesOf(trace: string): string {
  return trace
    .split('\n')
    .filter((line) => isFrame(line) && !isOwn(line))
    .join('\n');
}

function withoutLines(trace: string, isUnwanted: (line: string) => boolean): string {
  return trace
    .split('\n')
    .filter((line) => !isUnwanted(line))
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
  return withoutLines(captureFrames(), isAsync);
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

/**
 * Appends the caller's frames to an error that leaves a fiber. V8 records only the frames of the stack an
 * error is made on, and the fiber's ends at its body.
 */
export function spliceFrames(error: unknown): void {
  rewriteTrace(error, (trace) => goOn(trace, captureFrames(Error.stackTraceLimit)));
}

/** Appends the caller's frames, as those of who waited for what failed; see {@link spliceFrames}. */
export function spliceAsyncFrames(error: unknown): void {
  rewriteTrace(error, (trace) => {
    const frames = captureFrames(Error.stackTraceLimit).split('\n');
    const waiting = frames.map((line) => (isAsync(line) ? line : line.replace('at ', 'at async ')));
    return goOn(trace, waiting.join('\n'));
  });
}

/** A trace as native code writes it, without this library's frames. */
export function withoutOwnFrames(trace: string): string {
  return withoutLines(trace, isOwn);
}

/** Takes this library's frames out of an error's trace. */
export function removeOwnFrames(error: unknown): void {
  rewriteTrace(error, (trace) => trace);
}

function rewriteTrace(error: unknown, rewrite: (trace: string) => string): void {
  try {
    if (!isError(error)) return;
    const { stack } = error;
    if (typeof stack !== 'string') return;
    const trace = rewrite(withoutLines(stack, isOwn));
    if (trace !== stack) error.stack = trace;
  } catch {
    // A frozen error, or a getter that throws: it goes on as it is.
  }
}

/**
 * An error that is thrown again and again, from one fiber after the other, shows every way that it went once, and
 * {@link ADDED_FRAMES} in all.
 */
function goOn(trace: string, frames: string): string {
  const known = trace.split('\n').filter(isFrame);
  const room = Error.stackTraceLimit + ADDED_FRAMES - known.length;
  if (frames === '' || room <= 0 || trace.includes(frames)) return trace;
  const isNew = (line: string): boolean => !(isAsync(line) && known.includes(line));
  const added = frames.split('\n').filter(isNew);
  return [trace, ...added.slice(0, room)].join('\n');
}
