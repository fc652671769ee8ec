// What the command line of `npm run test:js` chooses.
import path from 'node:path';
import { inRoot } from './paths.mjs';

const ours = ['node', 'engine', 'with', 'file', 'match'];

// Where the compiler puts a test: see tsconfig.test.json.
function compiled(file) {
  const inside = path.relative(inRoot(), path.resolve(file)).replace(/\.ts$/, '.js');
  if (inside.startsWith('dist-test/')) return inside;
  if (inside.startsWith('test/')) return inside.replace('test/', 'dist-test/');
  if (inside.startsWith('load/test/')) return `dist-test/load/${inside}`;
  throw new Error(`--file ${file}: is in neither test/ nor load/test/`);
}

// Answers { node, engine, preload, args, picked }: `args` are for ava, which also gets all that is not ours, and `picked`
// says that only some tests were asked for. Throws what to tell who typed it.
export function chosenTests(argv) {
  const values = { file: [], match: [] };
  const args = [];
  for (let index = 0; index < argv.length; index += 1) {
    const [, name, inline] = /^--(\w+)(?:=([^]*))?$/.exec(argv[index]) ?? [];
    if (!ours.includes(name)) {
      args.push(argv[index]);
      continue;
    }
    const value = inline ?? argv[++index];
    if (!value) throw new Error(`--${name}: needs a value`);
    if (Array.isArray(values[name])) values[name].push(value);
    else values[name] = value;
  }
  const { node, engine, with: preload, file, match } = values;
  args.unshift(...match.map((title) => `--match=${title}`), ...file.map(compiled));
  return { node, engine, preload, args, picked: file.length + match.length > 0 };
}
