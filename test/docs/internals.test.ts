// docs/internals/v8-state.md says what greenfiber does about each piece of state, and which test says so.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import test from 'ava';

import { ROOT } from './snippets';

const DOCUMENT = join(ROOT, 'docs/internals/v8-state.md');

const isLine = (line: string): boolean => /^\|[\s|-]+$/.test(line);

/** The cells of all rows below the heads of tables. */
const rows = readFileSync(DOCUMENT, 'utf8')
  .split('\n')
  .filter((line, i, all) => line.startsWith('|') && !isLine(line) && !isLine(all[i + 1] ?? ''))
  .map((line) => line.slice(1, -1).split('|'));

/** The titles and files of tests that a cell names; a title may stand for several, as `${name}` in the source does. */
const testsIn = (cell: string): { title: string; file: string }[] =>
  [...cell.matchAll(/\[([^\]]+)\]\(([^)]+\.test\.ts)\)/g)].map(([, title = '', file = '']) => ({
    title: title.replace(/\\/g, ''),
    file: join(dirname(DOCUMENT), file),
  }));

test('every row of the audit names a test', (t) => {
  t.true(rows.length > 80);
  for (const cells of rows) {
    const last = cells.at(-1)!;
    t.true(testsIn(last).length > 0 || last.includes('(pending: '), cells[0]);
  }
});

test('every test that the audit names is in the suite', (t) => {
  for (const { title, file } of rows.flatMap((cells) => testsIn(cells.at(-1)!))) {
    t.true(existsSync(file), file);
    const source = readFileSync(file, 'utf8').replace(/\\'/g, "'");
    t.true(source.includes(title), `${file} has no test "${title}"`);
  }
});
