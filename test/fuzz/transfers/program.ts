import type { FiberState } from 'greenfiber';

import { randomBelow } from '../../helpers/random';

/** Whom an operation is about: a fiber by its number, or the main stack. */
export const MAIN = -1;

export type Operation =
  | { kind: 'create' | 'collect' }
  | { kind: 'yield'; value: number }
  | { kind: 'resume' | 'return' | 'transfer'; target: number; value: number }
  | { kind: 'throw'; target: number; error: Thrown }
  | { kind: 'drop'; target: number };

/** An error of the program's own. */
export class Thrown extends Error {
  override name = 'Thrown';
}

/** Where a fiber is; `?`: it was dropped, and is not there any more. */
export type StateOf = (number: number) => FiberState | '?';

/** Asks for operations, and is given what each answers or throws. Engine and model run the same. */
export type Code = Generator<Operation, unknown, unknown>;
type Steps = Generator<Operation, void, unknown>;

const OPERATIONS = 90; // fewer than what a fiber that is being unwound may swallow
const FIBERS = 6;

/**
 * A random program of one seed: what its main stack and its fibers do next depends on the seed and on everything that
 * has happened. So two runs of it differ from the first answer on that differs.
 */
export class Program {
  /** What happened, a step a line. */
  readonly log: string[] = [];
  readonly #random: (below: number) => number;
  readonly #show: Show = new Show();
  readonly #stateOf: StateOf;
  #budget = OPERATIONS;
  /** Of the fibers that the program still refers to. */
  readonly #numbers: number[] = [];
  #created = 0;

  constructor(seed: number, stateOf: StateOf) {
    this.#random = randomBelow(seed);
    this.#stateOf = stateOf;
  }

  *main(): Steps {
    yield* this.#try(MAIN, { kind: 'create' });
    while (this.#budget > 0) yield* this.#act(MAIN);
    // What is asked for now only ends what is under way.
    for (const target of [...this.#numbers]) {
      yield* this.#try(MAIN, { kind: 'return', target, value: 0 });
    }
    this.#say(MAIN, 'is over');
  }

  *body(self: number, first: unknown): Code {
    this.#say(self, `begins with ${this.#show.value(first)}`);
    let acts = 3 + this.#random(12);
    try {
      while (acts-- > 0) yield* this.#act(self);
    } finally {
      if (this.#chance(2)) yield* this.#act(self);
    }
    if (this.#chance(4)) throw new Thrown(`end of ${String(self)}`);
    return this.#number();
  }

  /** One operation, or several in a block that may catch what leaves it. */
  *#act(self: number): Steps {
    if (this.#budget <= 0) return;
    if (!this.#chance(5)) {
      yield* this.#try(self, this.#choose(self));
      return;
    }
    try {
      for (let left = 1 + this.#random(3); left > 0; left--) yield* this.#act(self);
    } catch (error) {
      if (this.#chance(2)) throw error;
    } finally {
      yield* this.#act(self);
    }
  }

  *#try(self: number, operation: Operation): Steps {
    this.#budget--;
    const what = `${operation.kind} ${'target' in operation ? name(operation.target) : ''}`;
    try {
      const answer = yield operation;
      if (operation.kind === 'create') this.#numbers.push(this.#created++);
      if (operation.kind === 'drop') {
        this.#numbers.splice(this.#numbers.indexOf(operation.target), 1);
      }
      this.#say(self, `${what} answers ${this.#show.value(answer)}`);
    } catch (error) {
      this.#say(self, `${what} throws ${this.#show.error(error)}`);
      if (self !== MAIN && this.#chance(isUnwinding(error) ? 2 : 4)) throw error;
    }
  }

  #choose(self: number): Operation {
    const alive = this.#numbers.filter((number) => this.#stateOf(number) !== 'finished');
    if (alive.length === 0 || (alive.length < FIBERS && this.#chance(4))) return { kind: 'create' };
    const from = this.#chance(12) ? this.#numbers : alive;
    const target = from[this.#random(from.length)]!;
    const kind = KINDS[this.#random(KINDS.length)]!;
    // It has not begun: most ways to end it are alike.
    const isNew = this.#stateOf(target) === 'created' && !this.#chance(5);
    if (kind === 'collect') return { kind };
    if (kind === 'drop') return { kind, target };
    if (kind === 'yield' && (self !== MAIN || this.#chance(8))) {
      return { kind, value: this.#number() };
    }
    if (kind === 'throw' && !isNew) {
      return { kind, target, error: new Thrown(String(this.#number())) };
    }
    if (kind === 'return' && !isNew) return { kind, target, value: this.#number() };
    if (kind === 'transfer') {
      return { kind, target: this.#chance(5) ? MAIN : target, value: this.#number() };
    }
    return { kind: 'resume', target, value: this.#number() };
  }

  #number(): number {
    return this.#random(1000);
  }

  #chance(of: number): boolean {
    return this.#random(of) === 0;
  }

  #states(): string[] {
    const numbers = Array.from({ length: this.#created + 1 }, (_, i) => i - 1);
    return numbers.map((number) => `${name(number)} ${this.#stateOf(number)}`);
  }

  #say(self: number, what: string): void {
    this.log.push(`${name(self)}: ${what} | ${this.#states().join(', ')}`);
  }
}

const KINDS = [
  'collect',
  'collect',
  'drop',
  ...Array.from({ length: 5 }, () => 'yield' as const),
  ...Array.from({ length: 8 }, () => 'resume' as const),
  ...Array.from({ length: 5 }, () => 'throw' as const),
  ...Array.from({ length: 4 }, () => 'return' as const),
  ...Array.from({ length: 12 }, () => 'transfer' as const),
] as const;

const isUnwinding = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 'ERR_FIBER_KILLED';

/** `main`, or the number of a fiber. */
function name(number: number): string {
  return number === MAIN ? 'main' : String(number);
}

/** Values and errors as words that are the same in both runs. */
class Show {
  /** Errors of greenfiber that unwind a fiber are told apart: numbered as they are seen. */
  readonly #killed: unknown[] = [];

  value(value: unknown): string {
    return value === undefined ? 'undefined' : JSON.stringify(value);
  }

  error(error: unknown): string {
    if (error instanceof Thrown) return `Thrown ${error.message}`;
    const { code } = error as { code?: string };
    if (code === undefined) return String(error);
    if (code !== 'ERR_FIBER_KILLED') return code;
    if (!this.#killed.includes(error)) this.#killed.push(error);
    return `${code} ${String(this.#killed.indexOf(error))}`;
  }
}
