// The main module in a task: `greenfiber run`, --require and --import. What does not wait must not notice.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { runChild, type ChildOptions, type Exit } from '../helpers/child';
import { nodeMajor } from '../helpers/node-major';
import { ROOT } from '../helpers/root';

const PROGRAMS = join(ROOT, 'dist-test/commands/programs');
const NOTHING = '--import=data:text/javascript,';

/** How a program is started, and how it would be without. */
const ways: Record<
  string,
  { run: (program: string, args: string[]) => Promise<Exit>; without: string[] }
> = {
  'greenfiber run': {
    run: (program, args) => runChild('dist/cli.js', { args: ['run', program, ...args] }),
    without: [],
  },
  '--require': {
    run: (program, args) => start(program, { args, flags: ['--require=./dist/run/index.js'] }),
    without: [],
  },
  '--import': {
    run: (program, args) => start(program, { args, flags: ['--import=./dist/run/index.mjs'] }),
    without: [NOTHING],
  },
};

const start = (program: string, options: ChildOptions) => runChild(program, options);
const file = (name: string) => join(PROGRAMS, name);

/** That the program fails, its error and where; not the line of Node's own that says so. */
const error = ({ stderr }: Exit) =>
  /\w*Error: .*\n +at thrower.*|no error at all/.exec(stderr)?.[0];

const silent = [
  ...['exits.cjs', 'exits-late.mjs', 'ticks.cjs', 'throws.cjs', 'throws-late.mjs'],
  ...['throws-value.cjs', 'caught-at-last.cjs', 'is-killed.cjs', 'has-await.mjs'],
  ...['requires-await.cjs', 'recurses.cjs', 'missing.cjs'],
];

for (const [way, { run, without }] of Object.entries(ways)) {
  for (const name of ['waits.cjs', 'waits.mjs']) {
    test(`${way}: ${name} waits at the top level, below require and import`, async (t) => {
      const { code, stdout, stderr } = await run(file(name), ['--an', 'argument']);
      t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      t.is(stdout, "waited for 1,2 true [ '--an', 'argument' ]\n");
    });
  }

  for (const name of silent) {
    test(`${way}: ${name} ends as it does without`, async (t) => {
      const plain = await start(file(name), { flags: without });
      const { code, signal, stdout, ...more } = await run(file(name), []);
      t.deepEqual(
        { code, signal, stdout },
        { code: plain.code, signal: plain.signal, stdout: plain.stdout },
      );
      t.is(error({ code, signal, stdout, ...more }), error(plain));
    });
  }

  for (const [name, where] of [
    ['waits-in-worker.cjs', 'in a worker'],
    ['waits-in-fork.cjs', 'in a fork'],
  ] as const) {
    // Node gives a thread the options that the process was started with, of which the command is none.
    if (way === 'greenfiber run' && name === 'waits-in-worker.cjs') continue;
    test(`${way}: ${name} has main modules that wait`, async (t) => {
      const { code, stdout } = await run(file(name), []);
      t.deepEqual({ code, stdout }, { code: 0, stdout: `waited for 1,2 true [ '${where}' ]\n` });
    });
  }

  test(`${way}: a main module that nobody wakes ends with exit code 13 and a report`, async (t) => {
    const { code, stderr } = await run(file('never-ends.cjs'), []);
    t.is(code, 13);
    t.regex(stderr, /main module/);
  });

  const typescript = nodeMajor >= 24 ? test : test.skip;
  typescript(`${way}: TypeScript waits where Node strips types`, async (t) => {
    const program = join(PROGRAMS, `waits-${String(Object.keys(ways).indexOf(way))}.mts`);
    writeFileSync(
      program,
      "import { wait } from 'greenfiber';\nconst x: number = wait(Promise.resolve(4));\nconsole.log(x);\n",
    );
    const { code, stdout } = await run(program, []);
    t.deepEqual({ code, stdout }, { code: 0, stdout: '4\n' });
  });
}

test('every program is run', (t) => {
  const others = [
    'waits.cjs',
    'waits.mjs',
    'waits-in-worker.cjs',
    'waits-in-fork.cjs',
    'never-ends.cjs',
  ];
  const below = ['waits-below.cjs', 'waits-below.mjs'];
  const known = new Set([...silent, ...others, ...below]);
  const there = readdirSync(PROGRAMS).filter((name) => /^[^.]+\.[cm]js$/.test(name));
  t.deepEqual(
    there.filter((name) => !known.has(name)),
    [],
  );
});

test('source maps lead to the source', async (t) => {
  const program = join(PROGRAMS, 'mapped.generated.cjs');
  const map = { version: 3, sources: ['original.ts'], names: [], mappings: 'AAAA;AAEA' };
  const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  writeFileSync(
    program,
    `require('greenfiber').sleep(1);\nconsole.log(new Error('x').stack);\n//# sourceMappingURL=${url}\n`,
  );
  const flags = ['--enable-source-maps', '--require=./dist/run/index.js'];
  const { stdout } = await runChild(program, { flags });
  t.regex(stdout, /original\.ts:3:/);
});

test('without a file the command says how it is used', async (t) => {
  const { code, stderr } = await runChild('dist/cli.js', { args: ['run', '--inspect'] });
  t.is(code, 2);
  t.regex(stderr, /Usage: greenfiber run <file>[^]*node --require greenfiber\/run/);
});

test('a program that imports greenfiber/run itself is not run again', async (t) => {
  const source = "import './dist/run/index.mjs'; console.log('once');";
  const { code, stdout } = await runChild(source, { flags: ['--input-type=module'] });
  t.deepEqual({ code, stdout }, { code: 0, stdout: 'once\n' });
});
