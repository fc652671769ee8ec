import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';

import { FiberError } from '../base/errors';
import { wrongType, wrongValue } from '../base/validators';
import { format } from './format';
import { snapshot } from './snapshot';

/** Tasks and fibers that a dump shows, at most. */
const DUMP_LIMIT = 10_000;

/** Signals that no program can handle, or that tell of a fault from which it cannot go on. */
const UNHANDLED = ['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL'];

/** Takes a registration back; `using` does so at the end of a block. */
export interface Registration extends Disposable {
  dispose(): void;
}

/**
 * Whenever the process is sent `signal`, by default SIGUSR2, writes a snapshot to stderr, as Go does on SIGQUIT, those in
 * the same place together, and goes on. Does not keep the process alive. The signal is handled when the event loop has its turn: a task that never
 * gives way is not seen so, but is warned about; see {@link enable}.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`; `ERR_FIBER_UNSUPPORTED` in a
 * worker, which no signal reaches
 */
export function dumpOn(signal: NodeJS.Signals = 'SIGUSR2'): Registration {
  if (typeof signal !== 'string') throw wrongType('signal', 'the name of a signal', signal);
  if (!(signal in constants.signals) || UNHANDLED.includes(signal)) {
    throw wrongValue(
      'signal',
      'the name of a signal that can be handled, such as "SIGUSR2"',
      signal,
    );
  }
  if (!isMainThread) {
    throw new FiberError(
      'ERR_FIBER_UNSUPPORTED',
      'dumpOn: signals reach the main thread only; call snapshot() in the worker',
    );
  }
  const dump = (): void => {
    process.stderr.write(format(snapshot({ limit: DUMP_LIMIT }), { grouped: true }));
  };
  const dispose = (): void => {
    process.off(signal, dump);
  };
  process.on(signal, dump);
  return { dispose, [Symbol.dispose]: dispose };
}
