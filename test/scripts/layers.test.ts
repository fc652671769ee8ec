// `npm run lint:layers` on files that break its rules.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import test from 'ava';

import { ROOT } from '../helpers/root';

/** What the checker finds wrong with these files. */
async function violations(files: Record<string, string>): Promise<string[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'greenfiber-layers-')));
  for (const [name, text] of Object.entries({ ...files, 'tsconfig.json': '{}' })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const checker = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(ROOT, '.dependency-cruiser.mjs');
  const args = [checker, '--config', config, '--output-type', 'json', '.'];
  const run = promisify(execFile)(process.execPath, args, { cwd: folder });
  const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
  const { summary } = JSON.parse(stdout) as {
    summary: { totalCruised: number; violations: { rule: { name: string }; from: string }[] };
  };
  if (summary.totalCruised < Object.keys(files).length) throw new Error('not all were looked at');
  return summary.violations.map(({ rule, from }) => `${from}: ${rule.name}`);
}

test('an import of a value from above is found', async (t) => {
  const found = await violations({
    'lib/base/low.ts': "import { high } from '../sync/high';\nexport const low = high;\n",
    'lib/sync/high.ts': 'export const high = 1;\n',
  });
  t.deepEqual(found, ['lib/base/low.ts: lib/base is below']);
});

test('an import of a type from above is found', async (t) => {
  const found = await violations({
    'lib/base/low.ts': "import type { High } from '../sync/high';\nexport type Low = High;\n",
    'lib/sync/high.ts': 'export type High = 1;\n',
  });
  t.deepEqual(found, ['lib/base/low.ts: lib/base is below']);
});

test('a circle of values is found; one that a type closes is none', async (t) => {
  const one = "import { two } from './two';\nexport const one = (): number => two;\n";
  const asType = "import type { One } from './one';\nexport const two: One = 1;\n";
  const asValue = "import { one } from './one';\nexport const two: number = one();\n";
  const typed = await violations({
    'lib/base/one.ts': `${one}export type One = number;\n`,
    'lib/base/two.ts': asType,
  });
  t.deepEqual(typed, []);
  const circle = await violations({ 'lib/base/one.ts': one, 'lib/base/two.ts': asValue });
  t.true(circle.length > 0);
  t.true(circle.every((violation) => violation.endsWith(': no cycles of values')));
});

test('imports from below are not', async (t) => {
  const found = await violations({
    'lib/base/low.ts': 'export const low = 1;\n',
    'lib/sync/high.ts': "import { low } from '../base/low';\nexport const high = low;\n",
  });
  t.deepEqual(found, []);
});
