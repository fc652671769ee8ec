// The same programs on greenfiber.
import {
  answer,
  effect,
  Fiber,
  FiberError,
  FiberKilled,
  handle,
  on,
  type Clause,
  type Continuation,
} from 'greenfiber';

import { TAGS, type ClauseProgram, type Expression, type Outcome } from './program';

const effects = Array.from({ length: TAGS }, (_, tag) => effect<number, number>(`tag ${tag}`));

/** @param block - called now and then: may block, or collect garbage */
export function runReal(program: Expression, block: () => void): Outcome {
  const log: number[] = [];
  const kept: Continuation<number, number>[] = [];

  const makeClause = ({ tag, then, value }: ClauseProgram): Clause<number> => {
    const tagged = effects[tag]!;
    if (then === 'answer') return answer(tagged, (payload) => evaluate(value, payload));
    return on(tagged, (payload, k: Continuation<number, number>) => {
      let result: number;
      try {
        result = evaluate(value, payload);
      } catch (error) {
        k.return(0);
        throw error;
      }
      switch (then) {
        case 'resume':
          return k.resume(result) + 1;
        case 'tailResume':
          return k.tailResume(result);
        case 'throw':
          return k.throw(new Error(`thrown ${result}`));
        case 'tailThrow':
          return k.tailThrow(new Error(`thrown ${result}`));
        case 'drop':
          k.return(0);
          return result + 2;
        case 'keep':
          kept.push(k);
          return result + 3;
        case 'fail':
          k.return(0);
          throw new Error(`failed ${result}`);
      }
    });
  };

  const fiberLoop = (body: Expression, payload: number): number => {
    const fiber = new Fiber<number, number, number>(() => evaluate(body, payload));
    let sum = 0;
    let value = fiber.resume();
    while (!fiber.done) {
      sum = (sum + value) % 1000;
      value = fiber.resume(sum);
    }
    return sum + value;
  };

  const useKept = (how: 'resume' | 'throw' | 'return', value: number): number => {
    const k = kept.shift();
    if (k === undefined) return value;
    if (how === 'return') return k.return(value)!;
    return how === 'resume' ? k.resume(value) : k.throw(new Error(`thrown ${value}`));
  };

  const evaluate = (expression: Expression, payload: number): number => {
    switch (expression.kind) {
      case 'number':
        return expression.value;
      case 'payload':
        return payload;
      case 'log':
        log.push(expression.value);
        return expression.value;
      case 'block':
        block();
        return 0;
      case 'add': {
        const left = evaluate(expression.left, payload);
        return (left + evaluate(expression.right, payload)) % 1000;
      }
      case 'perform':
        return effects[expression.tag]!.perform(evaluate(expression.payload, payload));
      case 'handle':
        return handle(
          () => evaluate(expression.body, payload),
          ...expression.clauses.map(makeClause),
        );
      case 'throw':
        throw new Error(`thrown ${expression.value}`);
      case 'catch':
        try {
          return evaluate(expression.body, payload);
        } catch (error) {
          if (error instanceof FiberKilled) throw error;
          log.push(nameOf(error).length);
          return evaluate(expression.otherwise, payload);
        }
      case 'finally':
        try {
          return evaluate(expression.body, payload);
        } finally {
          log.push(expression.log);
        }
      case 'fiber':
        return fiberLoop(expression.body, payload);
      case 'yield':
        return Fiber.yield<number>(evaluate(expression.value, payload));
      case 'kept':
        return useKept(expression.use, evaluate(expression.value, payload));
    }
  };

  const attempt = (call: () => number): string => {
    try {
      return String(call());
    } catch (error) {
      return nameOf(error);
    }
  };

  let result = attempt(() => evaluate(program, 0));
  while (kept.length > 0) result += ` ${attempt(() => useKept('return', 0))}`;
  return { result, log };
}

function nameOf(error: unknown): string {
  return error instanceof FiberError ? error.code : (error as Error).message;
}
