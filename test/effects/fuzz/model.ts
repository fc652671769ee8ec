// The model: an abstract machine whose stack is a linked list of frames, so that a continuation is a piece of
// that list (Felleisen and Friedman's CEK machine with prompts). It uses no fibers at all.
import type { ClauseProgram, Expression, Outcome } from './program';

type Step = { value: number } | { error: string } | { run: Expression; payload: number };

interface Frame {
  /** What to do with a value. */
  onValue(value: number): Step;
  /** What to do with an error; by default it goes on. */
  onError?(error: string): Step;
  readonly handler?: Handler;
  readonly isFiber?: boolean;
}

interface Handler {
  clauses: ClauseProgram[];
  payload: number;
  killed: boolean;
  killValue: number;
}

const KILLED = 'killed';

/** @param outside - the error of a yield that no fiber is around */
export function runModel(program: Expression, outside: string): Outcome {
  const log: number[] = [];
  let stack: Frame[] = [];
  /** Kept continuations: the frames from the handler's, first, to the innermost. */
  const kept: Frame[][] = [];

  const cutAt = (index: number): Frame[] => stack.splice(index);
  const continueWith = (frames: Frame[], step: Step): Step => {
    stack.push(...frames);
    return step;
  };
  const after = (onValue: (value: number) => Step): void => void stack.push({ onValue });
  const kill = (frames: Frame[], value: number): Step => {
    const { handler } = frames[0]!;
    handler!.killed = true;
    handler!.killValue = value;
    return continueWith(frames, { error: KILLED });
  };

  const pushHandler = (clauses: ClauseProgram[], payload: number): void => {
    const handler: Handler = { clauses, payload, killed: false, killValue: 0 };
    stack.push({
      handler,
      onValue: (value) => ({ value }),
      onError: (error) =>
        error === KILLED && handler.killed ? { value: handler.killValue } : { error },
    });
  };

  const perform = (tag: number, payload: number): Step => {
    const has = (frame: Frame): boolean =>
      frame.handler?.clauses.some((clause) => clause.tag === tag) ?? false;
    const index = stack.findLastIndex(has);
    if (index < 0) return { error: 'ERR_EFFECT_UNHANDLED' };
    const clause = stack[index]!.handler!.clauses.find((candidate) => candidate.tag === tag)!;
    const continuation = cutAt(index);
    return runClause(clause, payload, continuation);
  };

  const runClause = (clause: ClauseProgram, payload: number, continuation: Frame[]): Step => {
    const use = (value: number): Step => {
      switch (clause.then) {
        case 'answer':
        case 'tailResume':
          return continueWith(continuation, { value });
        case 'resume':
          after((result) => ({ value: result + 1 }));
          return continueWith(continuation, { value });
        case 'throw':
        case 'tailThrow':
          return continueWith(continuation, { error: `thrown ${value}` });
        case 'drop':
          after(() => ({ value: value + 2 }));
          return kill(continuation, 0);
        case 'keep':
          kept.push(continuation);
          return { value: value + 3 };
        case 'fail':
          after(() => ({ error: `failed ${value}` }));
          return kill(continuation, 0);
      }
    };
    stack.push({
      onValue: use,
      // Whoever fails before it has used its continuation drops it, but for an answer, which raises it inside.
      onError: (error) => {
        if (clause.then === 'answer') return continueWith(continuation, { error });
        stack.push({ onValue: () => ({ error }) });
        return kill(continuation, 0);
      },
    });
    return { run: clause.value, payload };
  };

  const fiberLoop = (body: Expression, payload: number): Step => {
    let sum = 0;
    const loop: Frame = { onValue: (value) => ({ value: sum + value }) };
    const prompt: Frame & { emit(value: number, rest: Frame[]): Step } = {
      isFiber: true,
      onValue: (value) => ({ value }),
      emit: (value, rest) => {
        sum = (sum + value) % 1000;
        return continueWith(rest, { value: sum });
      },
    };
    stack.push(loop, prompt);
    return { run: body, payload };
  };

  const yieldValue = (value: number): Step => {
    const index = stack.findLastIndex((frame) => frame.isFiber === true);
    if (index < 0) return { error: outside };
    const rest = cutAt(index);
    return (rest[0] as unknown as { emit(value: number, rest: Frame[]): Step }).emit(value, rest);
  };

  const useKept = (how: 'resume' | 'throw' | 'return', value: number): Step => {
    const continuation = kept.shift();
    if (continuation === undefined) return { value };
    if (how === 'return') return kill(continuation, value);
    return continueWith(continuation, how === 'resume' ? { value } : { error: `thrown ${value}` });
  };

  const evaluate = (expression: Expression, payload: number): Step => {
    const run = (next: Expression): Step => ({ run: next, payload });
    switch (expression.kind) {
      case 'number':
        return { value: expression.value };
      case 'payload':
        return { value: payload };
      case 'log':
        log.push(expression.value);
        return { value: expression.value };
      case 'block':
        return { value: 0 };
      case 'add':
        after((left) => {
          after((right) => ({ value: (left + right) % 1000 }));
          return run(expression.right);
        });
        return run(expression.left);
      case 'perform':
        after((value) => perform(expression.tag, value));
        return run(expression.payload);
      case 'handle':
        pushHandler(expression.clauses, payload);
        return run(expression.body);
      case 'throw':
        return { error: `thrown ${expression.value}` };
      case 'catch':
        stack.push({
          onValue: (value) => ({ value }),
          onError: (error) => {
            if (error === KILLED) return { error };
            log.push(error.length);
            return run(expression.otherwise);
          },
        });
        return run(expression.body);
      case 'finally':
        stack.push({
          onValue: (value) => (log.push(expression.log), { value }),
          onError: (error) => (log.push(expression.log), { error }),
        });
        return run(expression.body);
      case 'fiber':
        return fiberLoop(expression.body, payload);
      case 'yield':
        after(yieldValue);
        return run(expression.value);
      case 'kept':
        after((value) => useKept(expression.use, value));
        return run(expression.value);
    }
  };

  const machine = (first: Step): string => {
    let step = first;
    for (;;) {
      if ('run' in step) {
        step = evaluate(step.run, step.payload);
        continue;
      }
      const frame = stack.pop();
      if (frame === undefined) return 'error' in step ? step.error : String(step.value);
      if ('value' in step) step = frame.onValue(step.value);
      else step = frame.onError?.(step.error) ?? step;
    }
  };

  let result = machine({ run: program, payload: 0 });
  while (kept.length > 0) {
    stack = [];
    result += ` ${machine(useKept('return', 0))}`;
  }
  return { result, log };
}
