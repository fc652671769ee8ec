// What `npm run test:js` understands.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import test from 'ava';

import { ROOT } from '../helpers/root';

interface Choice {
  node?: string;
  engine?: string;
  preload?: string;
  args: string[];
  picked: boolean;
}

async function chosen(...argv: string[]): Promise<Choice> {
  const module = pathToFileURL(join(ROOT, 'scripts/lib/test_choice.mjs')).href;
  const { chosenTests } = (await import(module)) as { chosenTests: (argv: string[]) => Choice };
  return chosenTests(argv);
}

test('names a Node, an engine and the titles of tests', async (t) => {
  const choice = await chosen('--node', '22', '--engine=locker', '--match', '*a yield*');
  t.like(choice, { node: '22', engine: 'locker', picked: true });
  t.deepEqual(choice.args, ['--match=*a yield*']);
});

test('names a test by its source', async (t) => {
  const { args } = await chosen('--file', 'test/a/b.test.ts', '--file=load/test/c.test.ts');
  t.deepEqual(args, ['dist-test/a/b.test.js', 'dist-test/load/load/test/c.test.js']);
});

test('passes on to ava what it does not know', async (t) => {
  const choice = await chosen('--with', 'domain', '--serial', '-T', '2m', 'dist-test/fs/*.js');
  t.is(choice.preload, 'domain');
  t.deepEqual(choice.args, ['--serial', '-T', '2m', 'dist-test/fs/*.js']);
  t.false(choice.picked);
});

test('refuses an option without its value, and a file that is no test', async (t) => {
  await t.throwsAsync(chosen('--serial', '--node'), { message: '--node: needs a value' });
  await t.throwsAsync(chosen('--file', 'lib/index.ts'), { message: /is in neither test\// });
});
