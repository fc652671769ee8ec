import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { FiberError } from 'greenfiber';
import { checkObject, messageOf, wrongType, wrongValue } from 'greenfiber/lowlevel';

import { CsvError, readCsv } from './csv';
import { vu } from './vu';

export interface DataOptions {
  /** Default: what the name of the file ends in. `ndjson` is a value of JSON on every line. */
  format?: 'csv' | 'json' | 'ndjson';
  /** Between the fields of a CSV file, one character. Default `,`. */
  delimiter?: string;
  /** Names of the columns of a CSV file; default: its first row. */
  columns?: readonly string[];
}

/** Rows that all users share. They are read once in each thread, and not to be changed. */
export class DataSet<T> {
  readonly rows: readonly T[];
  /** By the run that they are taken in. */
  readonly #taken = new WeakMap<object, { count: number }>();

  /** @internal */
  constructor(rows: readonly T[]) {
    this.rows = Object.freeze(rows);
  }

  get length(): number {
    return this.rows.length;
  }

  /**
   * The next one, whoever asks: each is taken once, by all users, threads and shards together, before one is taken again.
   * Threads and shards take turns, one row each.
   *
   * @throws {@link FiberError} `ERR_LOAD_NO_USER`
   */
  next(): T {
    const { part, deadlines: run } = vu().context;
    const taken = this.#taken.get(run) ?? { count: 0 };
    this.#taken.set(run, taken);
    return this.#at(part.index + part.count * taken.count++);
  }

  /**
   * The row of the user that runs, which stays the same; when there are more users than rows, several have one.
   *
   * @throws {@link FiberError} `ERR_LOAD_NO_USER`
   */
  mine(): T {
    return this.#at(Math.max(0, vu().id - 1));
  }

  /** Any one. */
  random(): T {
    return this.#at(Math.floor(Math.random() * this.length));
  }

  #at(index: number): T {
    return this.rows[index % this.length] as T;
  }
}

/** Of this thread. */
const known = new Map<string, DataSet<unknown>>();

/**
 * Reads rows from a file: of CSV, objects by the names of the columns, with text in them; of JSON, the elements of the
 * array that the file is. They are read once for all users of a thread.
 *
 * @typeParam T - what a row is; nothing checks that it is
 * @param path - from the working directory, or a URL such as `new URL('users.csv', import.meta.url)`
 * @throws {@link FiberError} `ERR_LOAD_DATA`, which names the file and the line; `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function data<T = Record<string, string>>(
  path: string | URL,
  options: DataOptions = {},
): DataSet<T> {
  const file = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof (file as unknown) !== 'string') throw wrongType('path', 'a string or a URL', path);
  const { delimiter, columns, format } = checkOptions(file, options);
  const key = JSON.stringify([file, format, delimiter, columns]);
  const found = known.get(key);
  if (found !== undefined) return found as DataSet<T>;
  const text = textOf(file);
  const rows =
    format === 'csv'
      ? csvRows(file, text, delimiter, columns)
      : format === 'ndjson'
        ? jsonLines(file, text)
        : jsonArray(file, text);
  if (rows.length === 0) throw wrong(file, undefined, 'there are no rows');
  const set = new DataSet(rows);
  known.set(key, set);
  return set as DataSet<T>;
}

type Checked = Required<Omit<DataOptions, 'columns'>> & Pick<DataOptions, 'columns'>;

function checkOptions(file: string, options: DataOptions): Checked {
  checkObject('options', options);
  const { delimiter = ',', columns } = options;
  if (typeof (delimiter as unknown) !== 'string' || !/^[^"\r\n]$/.test(delimiter)) {
    throw wrongValue('options.delimiter', 'one character', delimiter);
  }
  if (columns !== undefined && !Array.isArray(columns)) {
    throw wrongType('options.columns', 'a list of names', columns);
  }
  const [, ending = ''] = /\.(csv|json|ndjson|jsonl)$/i.exec(file) ?? [];
  const byName = ending.toLowerCase() === 'jsonl' ? 'ndjson' : ending.toLowerCase();
  const format = options.format ?? byName;
  if (format !== 'csv' && format !== 'json' && format !== 'ndjson') {
    const wanted = 'csv, json or ndjson, where the name of the file does not end in it';
    throw wrongValue('options.format', wanted, format);
  }
  return { delimiter, format, ...(columns !== undefined && { columns }) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new FiberError('ERR_LOAD_DATA', `${file} could not be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function wrong(file: string, line: number | undefined, what: string, cause?: unknown): FiberError {
  const place = line === undefined ? file : `${file}:${String(line)}`;
  return new FiberError('ERR_LOAD_DATA', `${place}: ${what}`, { cause });
}

function csvRows(
  file: string,
  text: string,
  delimiter: string,
  columns: readonly string[] | undefined,
): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  let names = columns;
  if (names !== undefined) checkNames(file, undefined, names);
  try {
    for (const { fields, line } of readCsv(text, delimiter)) {
      if (names === undefined) {
        names = checkNames(file, line, fields);
        continue;
      }
      if (fields.length !== names.length) {
        const what = `${String(fields.length)} fields, and there are ${String(names.length)} columns`;
        throw wrong(file, line, what);
      }
      const row = Object.fromEntries(names.map((name, index) => [name, fields[index] ?? '']));
      rows.push(Object.freeze(row));
    }
  } catch (error) {
    if (error instanceof CsvError) throw wrong(file, error.line, error.message, error);
    throw error;
  }
  return rows;
}

function checkNames(
  file: string,
  line: number | undefined,
  names: readonly string[],
): readonly string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw wrong(file, line, `two columns are named ${JSON.stringify(twice)}`);
  return names;
}

function jsonLines(file: string, text: string): unknown[] {
  return text.split('\n').flatMap((line, index): unknown[] => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line)];
    } catch (error) {
      throw wrong(file, index + 1, messageOf(error), error);
    }
  });
}

function jsonArray(file: string, text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(file, lineOfMistake(text, error), messageOf(error), error);
  }
  if (!Array.isArray(value)) throw wrong(file, 1, 'no array of rows');
  return value as unknown[];
}

/**
 * Where JSON goes wrong, as a line from 1. Some messages say it; of the others, it is where the text stops being too short
 * and is wrong: no token spans lines.
 */
function lineOfMistake(text: string, error: unknown): number {
  const known = placeOf(text, error);
  if (known !== undefined) return text.slice(0, known).split('\n').length;
  const ends = [...text.matchAll(/\n|$(?![^])/g)].map(({ index }) => index);
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isTooShort(text.slice(0, ends[middle]))) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}

/** What an error of `JSON.parse` says of the place; undefined when it says nothing. */
function placeOf(text: string, error: unknown): number | undefined {
  const message = messageOf(error);
  if (message.includes('end of JSON input')) return text.length;
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  return position === undefined ? undefined : Number(position);
}

function isTooShort(text: string): boolean {
  try {
    JSON.parse(text);
    return true; // and what follows is too much
  } catch (error) {
    return placeOf(text, error) === text.length;
  }
}
