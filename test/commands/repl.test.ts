import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import test from 'ava';

import { ROOT } from '../helpers/root';

/** What is printed for lines that are given at once, without the prompts: after the last line there is none. */
async function answers(...lines: string[]): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli.js'), 'repl'], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  return (await text(child.stdout)).replace(/^(> |\.\.\. |\| )+/gm, '');
}

test('an input waits at any depth, and the next one comes after it', async (t) => {
  const output = await answers(
    'const soon = (x) => new Promise((resolve) => setTimeout(resolve, 5, x))',
    'let n = wait(soon(1))',
    '[1, 2].map((x) => wait(soon(x + n)))',
    '{ a: wait(soon(1)), b: n }',
  );
  t.is(output, 'undefined\nundefined\n[ 2, 3 ]\n{ a: 1, b: 1 }\n');
});

test('an input may go over several lines, and an error ends nothing', async (t) => {
  const output = await answers(
    'function twice(x) {',
    '  return wait(2 * x);',
    '}',
    'null.x',
    'twice(21)',
  );
  t.regex(output, /^undefined\nUncaught TypeError: [^]*\n42\n$/);
});

test('await works as in Node', async (t) => {
  t.regex(await answers('await Promise.resolve(5)'), /^5\n/);
});
