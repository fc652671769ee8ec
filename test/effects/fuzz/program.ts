// Random programs with effects, fibers, errors and kept continuations, as data.
import { randomBelow } from '../../helpers/random';

export type Expression =
  | { kind: 'number'; value: number }
  | { kind: 'payload' }
  | { kind: 'log'; value: number }
  | { kind: 'block' }
  | { kind: 'add'; left: Expression; right: Expression }
  | { kind: 'perform'; tag: number; payload: Expression }
  | { kind: 'handle'; body: Expression; clauses: ClauseProgram[] }
  | { kind: 'throw'; value: number }
  | { kind: 'catch'; body: Expression; otherwise: Expression }
  | { kind: 'finally'; body: Expression; log: number }
  | { kind: 'fiber'; body: Expression }
  | { kind: 'yield'; value: Expression }
  | { kind: 'kept'; use: 'resume' | 'throw' | 'return'; value: Expression };

/** A clause computes a value from the payload, then does one thing with it. */
export interface ClauseProgram {
  tag: number;
  then: 'answer' | 'resume' | 'tailResume' | 'throw' | 'tailThrow' | 'drop' | 'keep' | 'fail';
  value: Expression;
}

export const TAGS = 3;

const USES: ClauseProgram['then'][] = [
  'answer',
  'answer',
  'resume',
  'resume',
  'resume',
  'tailResume',
  'tailResume',
  'throw',
  'tailThrow',
  'drop',
  'keep',
  'keep',
  'fail',
];

/** Numbers that depend on a seed alone. */
export class Random {
  readonly below: (limit: number) => number;

  constructor(seed: number) {
    this.below = randomBelow(seed);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

/** Several expressions one after the other, so that what one of them keeps can be used by the next. */
export function generateProgram(random: Random): Expression {
  let program: Expression = { kind: 'number', value: 0 };
  for (let i = 2 + random.below(6); i > 0; i--) {
    const body = generateExpression(random, 4 + random.below(5));
    const clauses = generateClauses(random, 4);
    const handled: Expression = { kind: 'handle', body, clauses };
    const right: Expression = { kind: 'catch', body: handled, otherwise: { kind: 'payload' } };
    program = { kind: 'add', left: program, right };
  }
  return program;
}

/** An expression of at most this depth. */
function generateExpression(random: Random, depth: number): Expression {
  const inner = (): Expression => generateExpression(random, depth - 1);
  if (depth === 0) {
    return random.below(3) === 0 ? { kind: 'payload' } : { kind: 'number', value: random.below(9) };
  }
  switch (random.below(19)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { kind: 'add', left: inner(), right: inner() };
    case 4:
    case 5:
    case 6:
    case 7:
      return { kind: 'perform', tag: random.below(TAGS), payload: inner() };
    case 8:
    case 9:
    case 10:
    case 11:
      return { kind: 'handle', body: inner(), clauses: generateClauses(random, depth) };
    case 12:
      return { kind: 'catch', body: inner(), otherwise: inner() };
    case 13:
      return { kind: 'finally', body: inner(), log: random.below(1000) };
    case 14:
      return { kind: 'fiber', body: inner() };
    case 15:
      return { kind: 'yield', value: inner() };
    case 16:
      return {
        kind: 'kept',
        use: random.pick(['resume', 'resume', 'throw', 'return'] as const),
        value: inner(),
      };
    case 17:
      return random.below(3) === 0
        ? { kind: 'throw', value: random.below(9) }
        : { kind: 'log', value: random.below(1000) };
    default:
      return { kind: 'block' };
  }
}

function generateClauses(random: Random, depth: number): ClauseProgram[] {
  const tags = Array.from({ length: TAGS }, (_, tag) => tag).filter(() => random.below(2) === 0);
  return tags.map((tag) => ({
    tag,
    then: random.pick(USES),
    value: generateExpression(random, Math.min(depth - 1, 2)),
  }));
}

/** What a program did. */
export interface Outcome {
  /** The value, or the error's code. */
  result: string;
  log: number[];
}
