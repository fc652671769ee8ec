import assert from 'node:assert/strict';
import { AsyncResource, executionAsyncId } from 'node:async_hooks';

import { Fiber, type FiberState } from 'greenfiber';

import { MAIN, type Code, type Operation, type Program, type StateOf } from './program';
import { randomBelow } from '../../helpers/random';

/** Runs a program with real fibers. */
export class Engine {
  readonly #program: Program;
  /** Undefined: the program dropped it. */
  readonly #fibers: (Fiber | undefined)[] = [];
  /** Dropped fibers, of which the log goes on to tell. */
  readonly #dropped = new Map<number, WeakRef<Fiber>>();
  /** What happens around operations without the program's knowledge. */
  readonly #random: (below: number) => number;

  constructor(seed: number, program: (stateOf: StateOf) => Program) {
    this.#random = randomBelow(-seed);
    this.#program = program((number) => this.#stateOf(number));
  }

  run(): string[] {
    this.#drive(MAIN, this.#program.main());
    return this.#program.log;
  }

  #stateOf(number: number): FiberState | '?' {
    if (number === MAIN) return Fiber.main.state;
    // One that was collected had not begun, or has ended.
    return (this.#fibers[number] ?? this.#dropped.get(number)?.deref())?.state ?? '?';
  }

  /** Runs code on the stack of the caller. */
  #drive(self: number, code: Code): unknown {
    const id = executionAsyncId();
    let step = code.next();
    while (step.done !== true) {
      let answer: unknown;
      try {
        answer = this.#performSomehow(self, step.value, id);
      } catch (error) {
        step = code.throw(error);
        continue;
      }
      step = code.next(answer);
    }
    return step.value;
  }

  /** Below a built-in, or in an asynchronous scope, which is the same one afterwards. */
  #performSomehow(self: number, operation: Operation, id: number): unknown {
    const checked = (expected: number): unknown => {
      try {
        return this.#perform(operation);
      } finally {
        check(self, expected);
      }
    };
    // On each stack, where it sleeps.
    if (this.#random(10) === 0) assert.ok(this.#fibers.every((fiber) => fiber?.stack !== '?'));
    const how = this.#random(8);
    if (how === 0) return [0].map(() => checked(id))[0];
    if (how > 2) return checked(id);
    const scope = new AsyncResource('Program');
    return scope.runInAsyncScope(() => checked(scope.asyncId()));
  }

  #perform(operation: Operation): unknown {
    switch (operation.kind) {
      case 'create':
        return this.#create();
      case 'collect':
        return this.#collect();
      case 'yield':
        return Fiber.yield(operation.value);
      case 'drop':
        this.#dropped.set(operation.target, new WeakRef(this.#fibers[operation.target]!));
        this.#fibers[operation.target] = undefined;
        return undefined;
      case 'transfer':
        if (operation.target === MAIN) return Fiber.main.transfer(operation.value);
        return this.#fibers[operation.target]!.transfer(operation.value);
      case 'resume':
        return this.#fibers[operation.target]!.resume(operation.value);
      case 'throw':
        return this.#fibers[operation.target]!.throw(operation.error);
      case 'return':
        return this.#fibers[operation.target]!.return(operation.value);
    }
  }

  #create(): void {
    const number = this.#fibers.length;
    this.#fibers.push(
      new Fiber((value) => this.#drive(number, this.#program.body(number, value)), {
        name: String(number),
      }),
    );
  }

  #collect(): void {
    const kind = this.#random(20);
    if (kind === 0) gc!();
    else if (kind < 10) gc!({ type: 'minor' } as never);
  }
}

function check(self: number, expected: number): void {
  assert.equal(Fiber.current?.name ?? String(MAIN), String(self));
  assert.equal(executionAsyncId(), expected, 'the asynchronous context');
}
