import type { Continuation } from './continuation';
import type { Effect } from './effect';
import { HandledBody } from './handled-body';

/** What a handler makes of one effect. */
export interface AnyClause {
  readonly effect: Effect<never, never>;
  readonly run: (payload: never, continuation: Continuation<never, never>) => unknown;
  /** Whether what `run` returns is what `perform` returns; then it is given no continuation. */
  readonly answers: boolean;
}

/** A body, and what its handler makes of the effects that it performs. */
export class Handling extends HandledBody {
  readonly #clauses: readonly AnyClause[];

  constructor(body: () => unknown, clauses: readonly AnyClause[]) {
    super(
      body,
      clauses.map((clause) => clause.effect.id),
    );
    this.#clauses = clauses;
  }

  /** Only effects of its clauses suspend it. */
  clauseOf(effect: Effect<never, never> | undefined): AnyClause {
    for (const clause of this.#clauses) if (clause.effect === effect) return clause;
    throw this.lost();
  }
}
