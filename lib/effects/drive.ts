import { types } from 'node:util';

import { settled } from '../scheduler/settled';
import { watchAbandoned } from './abandoned';
import { Continuation } from './continuation';
import type { AnyClause, Handling } from './handling';
import { request, takePayload } from './request';
import { PendingCall } from './tail-call';

/**
 * Runs a handler: as long as the body is suspended by an effect, its clause; returns what the body returns, or
 * a clause that does not continue it. Runs outside of the body, on the stack of whoever started or continued it.
 *
 * @param answer - what the body was suspended, or ended, with
 */
export function drive(handling: Handling, answer: unknown): unknown {
  while (answer === request) {
    const clause = handling.clauseOf(request.effect);
    const payload = takePayload() as never;
    if (clause.answers) {
      answer = answerWith(handling, clause, payload);
      continue;
    }
    const result = decide(handling, clause, payload);
    if (!(result instanceof PendingCall)) return result;
    handling = result.continuation.unused();
    answer = result.raises ? handling.raise(result.value) : handling.enter(result.value);
  }
  if (!handling.done) throw handling.lost();
  return answer;
}

/** What the clause returns, or throws, is what `perform` returns. */
function answerWith(handling: Handling, { run }: AnyClause, payload: never): unknown {
  let value: unknown;
  try {
    value = settled('answer', run(payload, undefined as never));
  } catch (error) {
    return handling.raise(error);
  }
  return handling.enter(value);
}

/** The clause decides what becomes of the continuation, now or later. */
function decide(handling: Handling, { effect, run }: AnyClause, payload: never): unknown {
  const continuation = new Continuation<never, never>(handling, effect);
  let result: unknown;
  try {
    result = run(payload, continuation);
    // Others may answer the promise that the body does.
    if (types.isAsyncFunction(run)) result = settled('on', result);
    return result;
  } finally {
    if (!continuation.used && !(result instanceof PendingCall))
      watchAbandoned(continuation, handling);
  }
}
