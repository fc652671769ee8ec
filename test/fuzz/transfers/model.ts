// The rules of docs/api.md, "Who waits for whom", as a machine without stacks: fibers are generators, and what each
// operation does to the states and to the lines of who waits for whom stands here and nowhere else.
import type { FiberState } from 'greenfiber';

import { MAIN, type Code, type Operation, type Program, type StateOf } from './program';

type State = 'created' | 'running' | 'resuming' | 'yielded' | 'away' | 'finished';

/** What somebody is continued with. */
type Outcome = { value: unknown } | { error: unknown };

interface Stack {
  readonly number: number;
  state: State;
  code: Code | undefined;
  /** Whom its yield and its end answer. */
  resumer: Stack | undefined;
  /** For whom it waits. */
  resuming: Stack | undefined;
  /** What its suspensions raise while it is being unwound. */
  raised: Refused | undefined;
  /** The error of its own that ends it without a word, and what it answers then. */
  killed: Refused | undefined;
  answer: unknown;
  /** What becomes of what it is continued with. */
  wakes: ((outcome: Outcome) => Outcome) | undefined;
}

/** As a FiberError. */
class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export class Model {
  readonly #fibers: Stack[] = [];
  readonly #main: Stack;
  readonly #program: Program;
  #running: Stack;

  constructor(program: (stateOf: StateOf) => Program) {
    this.#program = program((number) =>
      shown(number === MAIN ? this.#main : this.#fibers[number]!),
    );
    this.#main = newStack(MAIN);
    this.#main.state = 'running';
    this.#main.code = this.#program.main();
    this.#running = this.#main;
  }

  /** Runs the program and answers its log. */
  run(): string[] {
    let outcome: Outcome = { value: undefined };
    for (;;) {
      const self = this.#running;
      try {
        const code = self.code!;
        const step = 'error' in outcome ? code.throw(outcome.error) : code.next(outcome.value);
        if (step.done !== true) outcome = this.#perform(self, step.value);
        else if (self === this.#main) return this.#program.log;
        else outcome = this.#end(self, { value: step.value });
      } catch (error) {
        outcome = this.#end(self, error === self.killed ? { value: self.answer } : { error });
      }
    }
  }

  /** How many fibers have begun and not ended. */
  get alive(): number {
    return this.#fibers.filter(({ state }) => state !== 'created' && state !== 'finished').length;
  }

  /** Answers what whoever runs then goes on with. */
  #perform(self: Stack, operation: Operation): Outcome {
    try {
      return this.#do(self, operation);
    } catch (error) {
      return { error };
    }
  }

  #do(self: Stack, operation: Operation): Outcome {
    if (operation.kind === 'yield') return this.#yield(self, operation.value);
    if (operation.kind === 'create') this.#fibers.push(newStack(this.#fibers.length));
    if (!('target' in operation) || operation.kind === 'drop') return { value: undefined };
    const target = operation.target === MAIN ? this.#main : this.#fibers[operation.target]!;
    if (operation.kind === 'resume') return this.#resume(self, target, operation.value);
    if (operation.kind === 'throw') return this.#throw(self, target, operation.error);
    if (operation.kind === 'return') return this.#return(self, target, operation.value);
    return this.#transfer(self, target, operation.value);
  }

  #resume(self: Stack, target: Stack, value: number): Outcome {
    if (target.state === 'finished') throw new Refused('ERR_FIBER_FINISHED');
    if (target.state === 'away') throw new Refused('ERR_FIBER_TRANSFER');
    if (target.state !== 'created' && target.state !== 'yielded') {
      throw new Refused('ERR_FIBER_RUNNING');
    }
    this.#waitFor(self, target);
    return this.#continue(target, { value });
  }

  #yield(self: Stack, value: number): Outcome {
    if (self === this.#main) throw new Refused('ERR_FIBER_NOT_IN_FIBER');
    if (self.raised !== undefined) throw self.raised;
    if (self.resumer === undefined) throw new Refused('ERR_FIBER_TRANSFER');
    self.state = 'yielded';
    return this.#continue(release(self)!, { value });
  }

  #throw(self: Stack, target: Stack, error: unknown): Outcome {
    if (target.state === 'finished') throw new Refused('ERR_FIBER_FINISHED');
    if (target.state === 'created') {
      target.state = 'finished';
      throw error;
    }
    const tip = innermost(target);
    if (tip === self) throw error;
    this.#waitFor(self, target);
    return this.#continue(tip, { error });
  }

  #return(self: Stack, target: Stack, value: unknown): Outcome {
    if (target.state === 'created') target.state = 'finished';
    if (target.state === 'finished') return { value: { done: true, value } };
    const killed = (target.killed ??= new Refused('ERR_FIBER_KILLED'));
    target.answer = value;
    if (target === self) {
      self.raised = killed;
      throw killed;
    }
    return this.#kill(self, target);
  }

  #kill(self: Stack, target: Stack): Outcome {
    const killed = target.killed!;
    const tip = innermost(target);
    if (tip === self) throw new Refused('ERR_FIBER_RUNNING');
    for (let stack: Stack | undefined = target; stack !== undefined; stack = stack.resuming) {
      stack.raised = killed;
    }
    this.#waitFor(self, target);
    self.wakes = (outcome) => {
      if ('error' in outcome) return outcome;
      if (target.state === 'finished') return { value: { done: true, value: outcome.value } };
      return this.#kill(self, target);
    };
    return this.#continue(tip, { error: killed });
  }

  #transfer(self: Stack, target: Stack, value: number): Outcome {
    if (target === self) return { value };
    if (target.state === 'finished') throw new Refused('ERR_FIBER_FINISHED');
    if (target.state !== 'created' && target.state !== 'away') {
      throw new Refused('ERR_FIBER_TRANSFER');
    }
    if (self.raised !== undefined) throw self.raised;
    self.state = 'away';
    return this.#continue(target, { value });
  }

  /** The caller takes the place of whoever waited for the target. */
  #waitFor(self: Stack, target: Stack): void {
    const before = release(target);
    if (before !== undefined) before.state = 'away';
    self.state = 'resuming';
    self.resuming = target;
    target.resumer = self;
  }

  #end(self: Stack, outcome: Outcome): Outcome {
    self.state = 'finished';
    return this.#continue(release(self) ?? innermost(this.#main), outcome);
  }

  #continue(stack: Stack, outcome: Outcome): Outcome {
    const isNew = stack.state === 'created';
    stack.state = 'running';
    this.#running = stack;
    if (isNew) {
      stack.code = this.#program.body(stack.number, (outcome as { value: unknown }).value);
      return { value: undefined };
    }
    const { wakes } = stack;
    stack.wakes = undefined;
    try {
      return wakes === undefined ? outcome : wakes(outcome);
    } catch (error) {
      return { error };
    }
  }
}

function newStack(number: number): Stack {
  return {
    number,
    state: 'created',
    code: undefined,
    resumer: undefined,
    resuming: undefined,
    raised: undefined,
    killed: undefined,
    answer: undefined,
    wakes: undefined,
  };
}

/** As a fiber tells it, which does not say how it was suspended. */
function shown({ state }: Stack): FiberState {
  return state === 'yielded' || state === 'away' ? 'suspended' : state;
}

/** Who waited for it waits no more. */
function release(stack: Stack): Stack | undefined {
  const { resumer } = stack;
  stack.resumer = undefined;
  if (resumer !== undefined) resumer.resuming = undefined;
  return resumer;
}

function innermost(stack: Stack): Stack {
  return stack.resuming === undefined ? stack : innermost(stack.resuming);
}
