// The lists of docs/contributing.md name every file that knows of a version of V8, a processor or the system.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { ROOT } from './snippets';

// Tests in TypeScript run the whole thing and say themselves what does not hold.
const SOURCES =
  '.github bench binding.gyp include lib package.json scripts src-native ' +
  'test/engine test/helpers test/native test/package';
const DOCUMENTS = 'README.md docs';
// Somebody else's code, and records of what was measured or tried.
const LEFT_OUT =
  /third_party|node_modules|\/build\/|bench\/(experiments|results)|docs\/(benchmarks|internals|contributing)|\.(png|svg)$/;

/** What a list is about, and how files say that they know of it. */
const LISTS: Record<string, { sources: RegExp; documents: RegExp }> = {
  'A new V8': {
    sources:
      /V8_M(AJOR|INOR)_VERSION|NODE_M(AJOR|ODULE)_VERSION|v8_since\(|GREENFIBER_V8_SINCE|\b20, ?22, ?(23, ?)?24\b|\bmajor (<|>|===|>=|<=) ?\d/,
    documents: /\b20, 22, 24/,
  },
  'Another architecture': {
    sources:
      /x86[-_]64|[^a-z]x64\b|aarch64|arm64|%%?r[a-z]{2}\b|\br[sb]p\b|__builtin_ia32|\bCET\b|_mm_/i,
    documents: /x86-64|aarch64|arm64/i,
  },
  'Another operating system': {
    sources:
      /<(sys|linux)\/|<(dlfcn|link|pthread|sched|unistd)\.h>|\/proc\/|process\.platform|OS==|__linux__|linux-x64|glibc/,
    documents: /(?!)/, // all of them say Linux
  },
};

function filesIn(place: string): string[] {
  if (LEFT_OUT.test(`${place}/`)) return [];
  if (!statSync(join(ROOT, place)).isDirectory()) return LEFT_OUT.test(place) ? [] : [place];
  return readdirSync(join(ROOT, place)).flatMap((name) => filesIn(`${place}/${name}`));
}

const whoMatches = (places: string, pattern: RegExp): string[] =>
  places
    .split(' ')
    .flatMap(filesIn)
    .filter((file) => pattern.test(readFileSync(join(ROOT, file), 'utf8')));

const document = readFileSync(join(ROOT, 'docs/contributing.md'), 'utf8');

for (const [title, { sources, documents }] of Object.entries(LISTS)) {
  const section =
    new RegExp(`^### ${title}\n([^]*?)(?=^##|(?![^]))`, 'm').exec(document)?.[1] ?? '';
  const listed = (section.match(/(?<=`)[\w./-]+(?=`)/g) ?? []).filter((name) =>
    /[/.]\w/.test(name),
  );

  test(`the list of "${title}" leaves no file out`, (t) => {
    t.true(listed.length > 5);
    const found = [...whoMatches(SOURCES, sources), ...whoMatches(DOCUMENTS, documents)];
    t.true(found.length > 5);
    const isListed = (file: string): boolean =>
      listed.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name));
    t.deepEqual(
      found.filter((file) => !isListed(file)),
      [],
    );
  });

  test(`the list of "${title}" names no file that is gone`, (t) => {
    t.deepEqual(
      listed.filter((name) => name.includes('/') && !existsSync(join(ROOT, name))),
      [],
    );
  });
}
