import { chainStack } from '../fiber/chain-stack';
import { setImmediate } from '../base/timers';
import type { Continuation } from './continuation';
import type { HandledBody } from './handled-body';

/** So many are unwound before the event loop gets its turn. */
const AT_ONCE = 16;

interface Sleep {
  readonly body: HandledBody;
  readonly turn: number;
}

const queue: Sleep[] = [];

const registry = new FinalizationRegistry<Sleep>((sleep) => {
  queue.push(sleep);
  if (queue.length === 1) setImmediate(unwindSome);
});

/**
 * A clause has ended without continuing its continuation. Nobody else can: so when the garbage collector finds
 * it, the body is unwound, in a turn of its own, as `return()` would have done, and a warning says so.
 */
export function watchAbandoned(continuation: Continuation<never, never>, body: HandledBody): void {
  registry.register(continuation, { body, turn: body.turn });
}

function unwindSome(): void {
  for (const { body, turn } of queue.splice(0, AT_ONCE)) {
    if (body.turn === turn && body.isAsleep) unwind(body);
  }
  if (queue.length > 0) setImmediate(unwindSome);
}

function unwind(body: HandledBody): void {
  const stack = chainStack(body.fiber);
  let failure = '';
  try {
    body.kill(undefined);
  } catch (error) {
    failure = `; its clean-up threw ${String(error)}`;
  }
  process.emitWarning(
    `A continuation was neither continued nor dropped, and nobody can any more: it was unwound${failure}. ` +
      `Call its return() when you do not need it. It slept in\n${stack}`,
    'FiberWarning',
  );
}
