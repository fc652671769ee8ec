import type { Readable, Writable } from 'node:stream';

import { FiberError } from '../base/errors';

/** An error that a stream met: what it told a listener of, or what it keeps. Undefined: none. */
export function errorOf(stream: Readable | Writable, told: unknown): unknown {
  const error = told ?? stream.errored ?? undefined;
  // A write that the stream's own destruction cut short: nothing failed.
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ECANCELED' ? undefined : error;
}

/** For a stream that was destroyed, without an error, before its end. */
export function prematureClose(what: 'read' | 'written'): FiberError {
  return new FiberError(
    'ERR_STREAM_PREMATURE_CLOSE',
    `The stream was closed before everything was ${what}`,
  );
}
