// docs/errors.md lists every code, and only those there are; the native half of the list is in step with the other.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import test from 'ava';

import { ROOT } from './snippets';

// What is inside has no name of its own.
const inside = createRequire(join(ROOT, 'package.json'));
const { ERROR_CODES } = inside('./dist/base/error-codes.js') as {
  ERROR_CODES: Record<string, string>;
};
const { nativeError } = inside('./dist/base/errors.js') as {
  nativeError: (number: number) => { code: string; message: string };
};

const codes = Object.keys(ERROR_CODES);
const read = (...parts: string[]): string => readFileSync(join(ROOT, ...parts), 'utf8');

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('error-codes.ts'))
    .map((name) => read(folder, name));

test('docs/errors.md has each error code in one row of its tables', (t) => {
  const rows = read('docs/errors.md')
    .split('\n')
    .filter((line) => /^\| *`/.test(line))
    .flatMap((line) => (line.split('|')[1] ?? '').match(/(?<=`)[A-Z_]+(?=`)/g) ?? []);
  t.deepEqual(rows.sort(), [...codes].sort());
});

test('every error code has a meaning and is raised somewhere', (t) => {
  const sources = [...sourcesIn('lib'), ...sourcesIn('load/lib')].join('\n');
  for (const code of codes) {
    t.regex(ERROR_CODES[code] ?? '', /\w/, code);
    t.true(sources.includes(`'${code}'`), `nothing raises ${code}`);
  }
});

test('an error code of the native side is that of its message', (t) => {
  const header = read('src-native/fiber/error_code.h');
  const native = header.match(/(?<=^ {2}k\w+, +\/\/ )ERR_\w+/gm) ?? [];
  t.true(native.length > 5);
  t.deepEqual(
    native.map((_, number) => nativeError(number).code),
    native,
  );
  t.is(nativeError(native.length).message, 'Unknown native error');
});
