// The programs in bench/js/programs. Each is a module with exactly this shape:
//
//   sizes       { quick, full }, also `test` where quick takes too long for a unit test; any JSON value
//   expected    (size) => the result, compared deeply
//   variants    { fibers(size), generators?(size), async?(size), ... }: each answers the result or a promise of it
//
// and, if it likes:
//
//   operations  (size) => how many operations one run is; the report divides by them
//   prepare     (size): called before the clock starts
//   flags       for node, besides --expose-gc
//
// A variant that measures something itself answers an object with more than is expected: see splitAnswer.
import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual, inspect } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';

const FOLDER = fileURLToPath(new URL('programs', import.meta.url));

// The path of a program's module; `name` may be a path itself.
export const fileOf = (name) => path.resolve(FOLDER, name.endsWith('.mjs') ? name : `${name}.mjs`);

export async function loadProgram(name) {
  const file = fileOf(name);
  // A script that measures by itself must not be started by looking at it.
  if (!/^\s*export .*\bvariants\b/m.test(readFileSync(file, 'utf8'))) {
    throw new Error(`${file}: exports no variants`);
  }
  const module = await import(pathToFileURL(file).href);
  const broken = shapeError(module);
  if (broken) throw new Error(`${file}: ${broken}`);
  return { name: path.basename(file, '.mjs'), file, flags: [], ...module };
}

// All of them, in alphabetical order. A module of another shape is { name, broken: reason }.
export function discoverPrograms(folder = FOLDER) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  return Promise.all(
    files.sort().map((file) =>
      loadProgram(path.join(folder, file)).catch(({ message }) => ({
        name: path.basename(file, '.mjs'),
        broken: message,
      })),
    ),
  );
}

function shapeError({ sizes, expected, variants, operations, prepare }) {
  if (sizes?.quick === undefined || sizes.full === undefined) return 'no sizes { quick, full }';
  if (typeof expected !== 'function') return 'no function expected(size)';
  const runs = Object.values(variants ?? {});
  if (runs.length === 0) return 'no variants';
  if (!runs.every((run) => typeof run === 'function')) return 'a variant is not a function';
  for (const [name, value] of Object.entries({ operations, prepare })) {
    if (value !== undefined && typeof value !== 'function') return `${name} is not a function`;
  }
  return undefined;
}

export const sizeOf = ({ sizes }, name) =>
  name === 'test' ? (sizes.test ?? sizes.quick) : sizes[name];

export const operationsOf = (program, size) => program.operations?.(sizeOf(program, size));

const isObject = (value) => Object.getPrototypeOf(value ?? 0) === Object.prototype;

// If the expected result is an object, what else is in the answer are figures, named by where they are: expected
// { alive: 5 }, the answer { alive: 5, bytes: { heap: 160 } } is the result { alive: 5 } and the figure `bytes heap`.
export function splitAnswer(expected, answer) {
  if (!isObject(expected) || !isObject(answer)) return { result: answer, figures: {} };
  const result = {};
  const rest = {};
  for (const [key, value] of Object.entries(answer)) {
    (key in expected ? result : rest)[key] = value;
  }
  return { result, figures: Object.fromEntries(leaves(rest)) };
}

const leaves = (value) =>
  Object.entries(value).flatMap(([key, inner]) =>
    isObject(inner)
      ? leaves(inner).map(([name, leaf]) => [`${key} ${name}`, leaf])
      : [[key, inner]],
  );

// Answers the figures of a run, or throws unless it answered what it should.
export function checkAnswer(program, size, answer) {
  const expected = program.expected(size);
  const { result, figures } = splitAnswer(expected, answer);
  if (isDeepStrictEqual(result, expected)) return figures;
  const shown = (value) => inspect(value, { breakLength: Infinity, maxArrayLength: 5 });
  throw new Error(`wrong result: ${shown(result)} instead of ${shown(expected)}`);
}
