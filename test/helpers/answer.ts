import type { ExecutionContext } from 'ava';

import { runChild, type ChildOptions, type Exit, type Program } from './child';

/** ava starts all tests of a file at once; so many processes would only wait for each other. */
const AT_ONCE = 2;
const waiting: (() => void)[] = [];
let running = 0;

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

/** {@link runChild}, but only a few at a time. */
export function exitOf(program: Program, options: ChildOptions = {}): Promise<Exit> {
  return inTurn(() => runChild(program, { timeout: 40_000, ...options }));
}

/**
 * Runs a program in a process of its own, asserts that it neither crashed nor complained, and answers what
 * it printed, parsed from JSON.
 */
export async function answerOf(
  t: ExecutionContext,
  program: Program,
  options: ChildOptions = {},
): Promise<unknown> {
  const { code, signal, stdout, stderr } = await exitOf(program, {
    ...options,
    flags: ['--no-warnings', ...(options.flags ?? [])],
  });
  const ended = { code, signal, stderr };
  t.deepEqual(
    ended,
    { code: 0, signal: null, stderr: '' },
    `ended badly after printing: ${stdout}`,
  );
  try {
    return JSON.parse(stdout) as unknown;
  } catch {
    return stdout;
  }
}
