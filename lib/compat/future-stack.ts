import { isError } from '../base/errors';
import { captureFrames } from '../base/stack-trace';

/** Between the frames of who asks for the value and those the error was made with. */
const SEPARATOR = '    - - - - -';

/** Puts the caller's frames into the stack trace of a future's error, in place of those of who asked before. */
export function linkStack(error: unknown): void {
  if (!isError(error)) return;
  try {
    const original: unknown = Reflect.get(error, 'futureStack') ?? error.stack;
    if (typeof original !== 'string') return;
    const [headline, ...frames] = original.split(/\n(?=\s+at )/);
    const asking = captureFrames(Error.stackTraceLimit);
    const linked = [headline, asking, SEPARATOR, ...frames]
      .filter((line) => line !== '')
      .join('\n');
    hide(error, 'futureStack', original);
    hide(error, 'stack', linked);
  } catch {
    // A getter that throws: the error reaches who asks as it is.
  }
}

/** Defines a property that loops do not see. A frozen error is left alone. */
function hide(error: Error, name: string, value: string): void {
  Reflect.defineProperty(error, name, {
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}
