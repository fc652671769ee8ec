// Documentation is code: every snippet runs and prints what it says.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';
import { asCommonJs, documents, localLinks, ROOT, snippetsOf, type Snippet } from './snippets';

const FOLDER = join(ROOT, 'dist-test', 'docs', 'snippets');
mkdirSync(FOLDER, { recursive: true });

const snippets = documents.flatMap(snippetsOf);
const inLanguage = (language: string) =>
  snippets.filter((snippet) => snippet.language === language);

function write(snippet: Snippet, extension: string, code: string): string {
  const file = join(FOLDER, `${snippet.where.replace(/\W+/g, '-')}.${extension}`);
  writeFileSync(file, code);
  return file;
}

/** Output without the place where the test put the file. */
const portable = (output: string) =>
  output.replace(/(?:file:\/\/)?\S*\/snippets\/[\w-]+\.[cm]js/g, 'example.js');

for (const snippet of inLanguage('js')) {
  for (const [how, extension, code] of [
    ['import', 'mjs', snippet.code],
    ['require', 'cjs', asCommonJs(snippet.code)],
  ] as const) {
    test(`the snippet at ${snippet.where} prints what it says, with ${how}`, async (t) => {
      const {
        code: exit,
        signal,
        stdout,
        stderr,
      } = await runChild(write(snippet, extension, code));
      t.deepEqual({ exit, signal, stderr }, { exit: 0, signal: null, stderr: '' });
      if (snippet.output !== undefined) t.is(portable(stdout), snippet.output);
    });
  }
}

test('the plot of the README shows the figures of the benchmarks', async (t) => {
  const { code, stderr } = await runChild('scripts/plot_depth.mjs', { args: ['--check'] });
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
});

// In a process of its own: a compiler that keeps the event loop waiting makes the other tests' children time out.
test('the snippets in TypeScript have no type errors', async (t) => {
  const files = inLanguage('ts').map((snippet) => write(snippet, 'mts', snippet.code));
  t.true(files.length > 0);
  const project = join(FOLDER, 'tsconfig.json');
  const settings = {
    extends: join(ROOT, 'tsconfig.types.json'),
    compilerOptions: { noUnusedLocals: false, typeRoots: [join(ROOT, 'node_modules', '@types')] },
    include: [],
    files,
  };
  writeFileSync(project, JSON.stringify(settings));
  const { code, stdout } = await runChild('node_modules/typescript/lib/tsc.js', {
    args: ['-p', project],
    timeout: 300_000,
  });
  t.deepEqual({ code, stdout }, { code: 0, stdout: '' });
});

for (const snippet of inLanguage('sh')) {
  test(`the commands at ${snippet.where} exist`, (t) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const [, script = ''] of snippet.code.matchAll(
      /\bnpm (?:run )?(start|test|(?<=run )[\w:]+)/g,
    )) {
      t.true(script in scripts, `npm run ${script}`);
    }
    for (const [, file] of snippet.code.matchAll(
      /\bnode (?:-\S+ )*((?:\w[\w-]*\/)+[\w.-]+\.mjs)/g,
    )) {
      t.true(existsSync(join(ROOT, file!)), file);
    }
    t.pass();
  });
}

for (const document of documents) {
  test(`every link in ${document} leads somewhere`, (t) => {
    const broken = localLinks(document).filter(
      (to) => !existsSync(join(ROOT, dirname(document), to)),
    );
    t.deepEqual(broken, []);
  });
}
