/** Lines of a stack trace that lie in this library. */
const OWN_FRAME = new RegExp(`[(\\s]${escape(__dirname)}[/\\\\][^/\\\\]+:\\d+:\\d+\\)?$`);

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

/** The frames of the stack it is called on, one a line. */
export function captureFrames(limit = CAPTURED_FRAMES): string {
  const { stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = limit;
    Error.captureStackTrace(holder, captureFrames);
    return typeof holder.stack === 'string' ? framesOf(holder.stack) : '';
  } catch {
    return ''; // a program's own Error.prepareStackTrace threw
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Appends the caller's frames to an error that leaves a fiber. V8 records only the frames of the stack an
 * error is made on, and the fiber's ends at its body.
 */
export function spliceFrames(error: unknown): void {
  try {
    if (!(error instanceof Error) || typeof error.stack !== 'string') return;
    const frames = captureFrames(Error.stackTraceLimit);
    if (frames !== '') error.stack = `${error.stack}\n${frames}`;
  } catch {
    // A frozen error, or a getter that throws: it goes to the resumer as it is.
  }
}
