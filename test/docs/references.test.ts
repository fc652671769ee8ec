// What comments and documents name is there: files, and what npm runs.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import test from 'ava';

import { ROOT } from './snippets';

// Other people's words, records of what was, programs of tests that make their own files, and what a build leaves.
const LEFT_OUT =
  /third_party|^CHANGELOG|^docs\/(benchmarks|internals)|^bench\/results|^test\/scripts|lock\.json$|\.(png|svg)$/;
/** Names of files below one of our folders: from the root, a package, or the folder of the file that names it. */
const FILES =
  /(?<![\w./@$}-])(?:lib|src-native|scripts|test|docs|bench|examples|include|load|alias)\/[\w./-]*\.(?:[cm]?[jt]s|cc|h|S|c|md|mk|json|css|html|yml)\b(?!\/)/g;
const BUILT = /\bdist\/|^include\/node\/|^lib\/internal\//;

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const files = tracked
  .split('\n')
  .filter((file) => file !== '' && !LEFT_OUT.test(file) && existsSync(join(ROOT, file)));

const namedIn = (pattern: RegExp): { name: string; file: string }[] =>
  files.flatMap((file) =>
    (readFileSync(join(ROOT, file), 'utf8').match(pattern) ?? []).map((name) => ({ name, file })),
  );

test('no comment and no document names a file that is gone', (t) => {
  const isThere = (name: string, file: string): boolean =>
    [name, join(dirname(file), name), join('load', name)].some(
      // Tests in TypeScript name what they start as JavaScript.
      (path) => existsSync(join(ROOT, path)) || existsSync(join(ROOT, path.replace(/js$/, 'ts'))),
    );
  const named = namedIn(FILES);
  t.true(named.length > 200);
  const gone = named.filter(({ name, file }) => !BUILT.test(name) && !isThere(name, file));
  t.deepEqual(gone, []);
});

test('no comment and no document names a script that npm does not know', (t) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = namedIn(/(?<=`npm run (?:-s )?)[a-z][\w:-]*|(?<=^npm run )[a-z][\w:-]*/gm);
  t.true(named.length > 20);
  t.deepEqual(
    named.filter(({ name }) => !(name in scripts)),
    [],
  );
});
