import type { ExecutionContext } from 'ava';

import { runChild, type ChildOptions, type Program } from './child';

/**
 * Runs a program in a process of its own, asserts that it neither crashed nor complained, and answers what
 * it printed, parsed from JSON.
 */
export async function answerOf(
  t: ExecutionContext,
  program: Program,
  options: ChildOptions = {},
): Promise<unknown> {
  const { code, signal, stdout, stderr } = await runChild(program, {
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
