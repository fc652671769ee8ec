// What the workflows of GitHub name is there: it fails here, not on the day of a release.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { ROOT } from '../helpers/root';

const FOLDER = '.github/workflows';
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const workflows = readdirSync(join(ROOT, FOLDER)).map((name) => ({
  name,
  text: read(FOLDER, name),
}));

/** Everything that a pattern's first group finds, with the workflow in which it does. */
const named = (pattern: RegExp): { what: string; name: string }[] =>
  workflows.flatMap(({ name, text }) =>
    [...text.matchAll(pattern)].map(([, what]) => ({ what: what ?? '', name })),
  );

test('no workflow runs a script that npm does not know, or a file that is gone', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const run = named(/\bnpm run (?:-s )?([a-z][\w:-]*)/g);
  t.true(run.length > 15);
  t.deepEqual(
    run.filter(({ what }) => !(what in scripts)),
    [],
  );
  const files = named(/\bnode ((?:scripts|bench|test)\/[\w/.-]+)/g);
  t.true(files.length > 0);
  t.deepEqual(
    files.filter(({ what }) => !existsSync(join(ROOT, what))),
    [],
  );
});

test('every action is pinned to a commit, and its version stands beside it', (t) => {
  const used = named(/\buses: (.*)$/gm);
  t.true(used.length > 20);
  t.deepEqual(
    used.filter(({ what }) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(what)),
    [],
  );
  const commits = new Map<string, Set<string>>();
  for (const { what } of used) {
    const [action = '', commit = ''] = what.split('@');
    commits.set(action, (commits.get(action) ?? new Set()).add(commit));
  }
  for (const [action, of] of commits) t.is(of.size, 1, action);
});

test('the paths that a workflow waits for lead to files', (t) => {
  const paths = named(/^ {6}- '([^']+)'$/gm);
  t.true(paths.length > 5);
  const top = readdirSync(ROOT);
  const leadsNowhere = ({ what }: { what: string }): boolean =>
    what.startsWith('*')
      ? !top.some((file) => file.endsWith(what.slice(1)))
      : !existsSync(join(ROOT, what.replace(/\/\*\*$/, '')));
  t.deepEqual(paths.filter(leadsNowhere), []);
});

test('the site that is uploaded is the one that is built, below the address of the pages', (t) => {
  const workflow = read(FOLDER, 'site.yml');
  const [, uploaded] = /upload-pages-artifact@.*\n\s+with:\n\s+path: (\S+)/.exec(workflow) ?? [];
  const config = read('scripts/lib/site/config.mjs');
  t.regex(config, new RegExp(`outDir: '\\.\\./\\.\\./${String(uploaded)}'`));
  const [, variable = '?'] = /base: process\.env\.(\w+)/.exec(config) ?? [];
  t.true(workflow.includes(`${variable}: \${{ steps.pages.outputs.base_path }}/\n`));
});
