// Data files: what they are read as, who takes which row, and what is said of those that are wrong.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import test from 'ava';
import { spawn, type FiberError } from 'greenfiber';
import { data, run, vu, type DataOptions } from 'greenfiber-load';

const folder = mkdtempSync(join(tmpdir(), 'greenfiber-data-'));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test('CSV: quotes, line breaks in fields, empty lines, a byte order mark', (t) => {
  const text = '\uFEFFname,note\r\nann,"a ""b"", c"\r\n\r\n"bob","two\nlines"\r\n,\r\neve,é';
  const { rows, length } = data(written('good.csv', text));
  t.is(length, 4);
  t.deepEqual(rows, [
    { name: 'ann', note: 'a "b", c' },
    { name: 'bob', note: 'two\nlines' },
    { name: '', note: '' },
    { name: 'eve', note: 'é' },
  ]);
  t.throws(() => ((rows[0] as { name: string }).name = 'x'), { instanceOf: TypeError });
});

test('CSV with another delimiter, and columns that the file does not name', (t) => {
  const options = { delimiter: ';', columns: ['a', 'b'], format: 'csv' } as const;
  t.deepEqual(data(pathToFileURL(written('plain.txt', '1;2\n3;"4;"\n')), options).rows, [
    { a: '1', b: '2' },
    { a: '3', b: '4;' },
  ]);
});

test('JSON and lines of JSON', (t) => {
  t.deepEqual(data<number>(written('n.json', '[1,\n 2]')).rows, [1, 2]);
  t.deepEqual(data<{ a: number }>(written('n.jsonl', '{"a":1}\n\n{"a":2}\n')).rows, [
    { a: 1 },
    { a: 2 },
  ]);
});

test('a file is read once, and its rows are shared', (t) => {
  const file = written('once.csv', 'a\n1\n');
  const first = data(file);
  writeFileSync(file, 'a\n2\n');
  t.is(data(file), first);
});

const wrong: [name: string, text: string, line: number | undefined, message: RegExp][] = [
  ['short.csv', 'a,b\n1,2\n"x\ny",2\n3\n', 5, /1 fields, and there are 2 columns/],
  ['open.csv', 'a,b\n1,2\n3,"4\n5,6\n', 3, /A quote that is not closed/],
  ['inside.csv', 'a,b\n1,x"y"\n', 2, /A quote within a field/],
  ['after.csv', 'a,b\n1,"y"z\n', 2, /A closing quote is followed/],
  ['twice.csv', 'a,b,a\n1,2,3\n', 1, /two columns are named "a"/],
  ['empty.csv', 'a,b\n', undefined, /there are no rows/],
  ['object.json', '{"a": 1}', 1, /no array of rows/],
  ['token.json', '[\n  {"a": 1},\n  {"a": x}\n]', 3, /Unexpected token|JSON/],
  ['comma.json', '[\n  {"a": 1}\n  {"a": 2}\n]', 3, /JSON/],
  ['more.json', '[\n1\n]\n7', 4, /JSON/],
  ['end.json', '[\n1,\n2\n', 4, /JSON/],
  ['string.json', '[\n"a\n", 2]\n', 2, /JSON/],
  ['line.ndjson', '{"a":1}\n{"a":}\n', 2, /JSON/],
];

for (const [name, text, line, message] of wrong) {
  test(`${name} is refused by the line that is wrong`, (t) => {
    const file = written(name, text);
    const error = t.throws<FiberError>(() => data(file));
    t.is(error.code, 'ERR_LOAD_DATA');
    t.true(
      error.message.startsWith(line === undefined ? `${file}: ` : `${file}:${line}: `),
      error.message,
    );
    t.regex(error.message, message);
  });
}

test('files that are not there, and options that make no sense, are refused', (t) => {
  t.throws(() => data(join(folder, 'none.csv')), {
    code: 'ERR_LOAD_DATA',
    message: /none\.csv could not be read: ENOENT/,
  });
  const file = written('what.txt', 'a\n1\n');
  t.throws(() => data(file), { code: 'ERR_FIBER_INVALID_ARG_VALUE', message: /options\.format/ });
  const options = { format: 'csv', delimiter: '::' } as DataOptions;
  t.throws(() => data(file, options), {
    code: 'ERR_FIBER_INVALID_ARG_VALUE',
    message: /delimiter/,
  });
  t.throws(() => data(7 as never), { code: 'ERR_FIBER_INVALID_ARG_TYPE' });
  t.throws(() => data(written('v.csv', 'a\n1\n')).next(), { code: 'ERR_LOAD_NO_USER' });
});

test('rows are taken one after the other by all users, and a user has one of its own', async (t) => {
  const set = data<number>(written('rows.json', '[0, 1, 2, 3, 4]'));
  for (let again = 0; again < 2; again++) {
    const taken: number[] = [];
    const own = new Map<number, Set<number>>();
    const visit = () => {
      taken.push(set.next());
      const { id } = vu();
      own.set(id, (own.get(id) ?? new Set()).add(set.mine()));
      t.true(set.rows.includes(set.random()));
    };
    await spawn(() => run({ default: visit }, { vus: 3, iterations: 12 }));
    t.deepEqual(taken, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1], 'each run begins anew');
    for (const [id, rows] of own) t.deepEqual([...rows], [id - 1]);
  }
});
