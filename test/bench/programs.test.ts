import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';

import { bench, thisNode } from '../helpers/bench';

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-bench-'));
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
  return folder;
}

const shape = `
  export const sizes = { quick: 3, full: 30 };
  export const expected = (size) => [size];
`;

interface Cell {
  label: string;
  run?: () => Promise<unknown>;
  missing?: string;
}

interface Result {
  min?: number;
  median?: number;
  repetitions?: number;
  failed?: string;
}

async function cellsOf(program: unknown, options: object = {}): Promise<Cell[]> {
  const { programCells } = await bench('js/program-cells.mjs');
  const common = { targets: [thisNode], peers: [], size: 'test', warmUp: 0, timeout: 60_000 };
  return programCells(program, { ...common, ...options }) as Cell[];
}

async function measure(cells: Cell[], repetitions = 1): Promise<Record<string, Result>> {
  const { interleave } = await bench('js/interleave.mjs');
  const samples = await interleave(
    cells.filter(({ run }) => run),
    { repetitions },
  );
  return samples.summaries() as Record<string, Result>;
}

test('every module in a folder is a program, in alphabetical order', async (t) => {
  const { discoverPrograms } = await bench('js/programs.mjs');
  const variants = 'export const variants = { fibers: (size) => [size] };';
  const folder = folderWith({
    'second.mjs': shape + variants,
    'first.mjs': shape + variants,
    'notes.md': 'not a program',
  });
  const programs = await discoverPrograms(folder);
  t.deepEqual(
    programs.map(({ name }: { name: string }) => name),
    ['first', 'second'],
  );
});

test('a module of another shape is reported with its name, and the others are found', async (t) => {
  const { discoverPrograms } = await bench('js/programs.mjs');
  const wrong = {
    'no sizes': 'export const expected = () => 0; export const variants = { fibers() {} };',
    'no function expected':
      'export const sizes = { quick: 1, full: 2 }; export const variants = {};',
    'exports no variants': 'process.exit(1);',
    'no variants': `${shape} export const variants = {};`,
    'a variant is not a function': `${shape} export const variants = { fibers: 1 };`,
    'operations is not a function': `${shape} export const variants = { fibers() {} }; export const operations = 5;`,
  };
  for (const [message, source] of Object.entries(wrong)) {
    const folder = folderWith({
      'good.mjs': `${shape} export const variants = { fibers() {} };`,
      'odd.mjs': source,
    });
    const [good, odd] = await discoverPrograms(folder);
    t.like(good, { name: 'good', broken: undefined });
    t.is(odd.name, 'odd');
    t.regex(odd.broken, new RegExp(`odd\\.mjs: .*${message}`));
  }
});

test('a cell that fails says why, and the others are measured', async (t) => {
  const { loadProgram } = await bench('js/programs.mjs');
  const folder = folderWith({
    'odd.mjs': `${shape}
      export const variants = {
        right: (size) => [size],
        late: async (size) => [size],
        wrong: (size) => [size + 1],
        throws: () => { throw new RangeError('too far'); },
        aborts: () => process.abort(),
        leaves: () => process.exit(7),
      };`,
  });
  const results = await measure(await cellsOf(await loadProgram(join(folder, 'odd.mjs'))), 2);
  t.is(results['odd: right']?.repetitions, 2);
  t.true((results['odd: right']?.min ?? 0) > 0);
  t.is(results['odd: late']?.repetitions, 2);
  t.deepEqual(results['odd: wrong'], { failed: 'Error: wrong result: [ 4 ] instead of [ 3 ]' });
  t.deepEqual(results['odd: throws'], { failed: 'RangeError: too far' });
  t.deepEqual(results['odd: aborts'], { failed: 'crashed with SIGABRT' });
  t.deepEqual(results['odd: leaves'], { failed: 'exit code 7' });
});

test('a cell that hangs is given up', async (t) => {
  const { loadProgram } = await bench('js/programs.mjs');
  const source = `${shape} export const variants = { fibers: () => { for (;;); } };`;
  const folder = folderWith({ 'odd.mjs': source });
  const program = await loadProgram(join(folder, 'odd.mjs'));
  const results: unknown = await measure(await cellsOf(program, { timeout: 1000 }));
  t.deepEqual(results, { 'odd: fibers': { failed: 'not finished after 1 s' } });
});

test('a cell that failed once is not asked again', async (t) => {
  let runs = 0;
  const run = () => {
    runs++;
    return runs < 2 ? Promise.resolve({ nanoseconds: 1 }) : Promise.reject(new Error('broken'));
  };
  const results: unknown = await measure([{ label: 'cell', run }], 5);
  t.deepEqual(results, { cell: { failed: 'broken' } });
  t.is(runs, 2);
});

test('repetitions of all cells are interleaved', async (t) => {
  const order: string[] = [];
  const cell = (label: string) => ({
    label,
    run: () => {
      order.push(label);
      return Promise.resolve({ nanoseconds: order.length });
    },
  });
  const results = await measure([cell('a'), cell('b')], 3);
  t.is(order.join(''), 'ababab');
  t.is(results['a']?.median, 3);
  t.is(results['b']?.median, 4);
});

test('what a program measures itself becomes cells of their own', async (t) => {
  const { loadProgram } = await bench('js/programs.mjs');
  const folder = folderWith({
    'heavy.mjs': `
      export const sizes = { quick: 3, full: 30 };
      export const expected = (size) => ({ alive: size });
      export const variants = {
        fibers: (size) => ({ alive: size, bytes: { native: 4096, heap: 160 }, pauses: 2 }),
        forgets: () => ({ bytes: { native: 4096 } }),
      };`,
  });
  const results = await measure(await cellsOf(await loadProgram(join(folder, 'heavy.mjs'))));
  t.is(results['heavy: fibers, bytes native']?.median, 4096);
  t.is(results['heavy: fibers, bytes heap']?.median, 160);
  t.is(results['heavy: fibers, pauses']?.median, 2);
  t.is(results['heavy: forgets']?.failed, 'Error: wrong result: {} instead of { alive: 3 }');
});

test('results are sorted by Node version, and those of peers stand alone', async (t) => {
  const { measureProgram } = await bench('js/measure-program.mjs');
  const cell = (label: string, node: string | undefined, nanoseconds: number) => ({
    label,
    node,
    run: () => Promise.resolve({ nanoseconds, figures: { 'bytes each': nanoseconds / 10 } }),
  });
  const cells = [
    cell('p: fibers', '20.0.0', 1000),
    cell('p: fibers', '26.0.0', 2000),
    { label: 'p: jspi', node: '20.0.0', missing: 'too old' },
    { label: 'p: odd', node: '26.0.0', run: () => Promise.reject(new Error('broken')) },
    cell('p: native', undefined, 50),
  ];
  const results = await measureProgram(cells, { repetitions: 1, operations: 100 });
  const short = (node?: string) =>
    Object.entries<{ median?: number }>(results.get(node)).map(([label, { median, ...other }]) =>
      median === undefined ? [label, other] : [label, median],
    );
  t.deepEqual(short('20.0.0'), [
    ['p: fibers', 1000],
    ['p: fibers, bytes each', 100],
    ['p: fibers, each', 10],
    ['p: jspi', { missing: 'too old' }],
  ]);
  t.deepEqual(short('26.0.0'), [
    ['p: fibers', 2000],
    ['p: fibers, bytes each', 200],
    ['p: fibers, each', 20],
    ['p: odd', { failed: 'broken' }],
  ]);
  t.deepEqual(short(), [
    ['p: native', 50],
    ['p: native, bytes each', 5],
    ['p: native, each', 0.5],
  ]);
});

test('a peer is given the size and its result is checked', async (t) => {
  const { loadProgram } = await bench('js/programs.mjs');
  const program = await loadProgram('suspend-resume');
  const peer = (name: string, answer: string) => ({
    name,
    programs: ['suspend-resume'],
    command: process.execPath,
    args: ['-p', `JSON.stringify({ nanoseconds: 5, result: ${answer} })`],
  });
  const results = await measure(
    await cellsOf(program, {
      targets: [],
      peers: [
        peer('exact', 'Number(process.argv[2])'),
        peer('sloppy', '41'),
        { ...peer('unrelated', '0'), programs: ['sieve'] },
        { ...peer('absent', '0'), missing: 'not installed' },
      ],
    }),
  );
  t.is(results['suspend-resume: exact']?.median, 5);
  t.deepEqual(results['suspend-resume: sloppy'], {
    failed: 'wrong result: 41 instead of 1000',
  });
  t.deepEqual(Object.keys(results), ['suspend-resume: exact', 'suspend-resume: sloppy']);
});

test('JSPI is reported as missing where Node has none', async (t) => {
  const { loadProgram } = await bench('js/programs.mjs');
  const program = await loadProgram('suspend-resume');
  const targets = [{ ...thisNode, version: '22.0.0', major: 22 }];
  const cells = await cellsOf(program, { targets });
  t.regex(cells.find(({ label }) => label === 'suspend-resume: jspi')?.missing ?? '', /from 24 on/);
});
