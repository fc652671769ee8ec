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
//   figures     { NAME: unit }: what it measures itself. A variant then answers { result, figures: { NAME: number } }
//   flags       for node, besides --expose-gc
import { readdirSync } from 'node:fs';
import { isDeepStrictEqual, inspect } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';

const FOLDER = fileURLToPath(new URL('programs', import.meta.url));

// The path of a program's module; `name` may be a path itself.
export const fileOf = (name) => path.resolve(FOLDER, name.endsWith('.mjs') ? name : `${name}.mjs`);

export async function loadProgram(name) {
  const file = fileOf(name);
  const module = await import(pathToFileURL(file).href);
  const broken = shapeError(module);
  if (broken) throw new Error(`${file}: ${broken}`);
  return { name: path.basename(file, '.mjs'), file, flags: [], ...module };
}

// All of them, in alphabetical order.
export function discoverPrograms(folder = FOLDER) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  return Promise.all(files.sort().map((file) => loadProgram(path.join(folder, file))));
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

// Throws unless a run answered what it should.
export function checkResult({ expected }, size, result) {
  const wanted = expected(size);
  if (isDeepStrictEqual(result, wanted)) return;
  const shown = (value) => inspect(value, { breakLength: Infinity, maxArrayLength: 5 });
  throw new Error(`wrong result: ${shown(result)} instead of ${shown(wanted)}`);
}
