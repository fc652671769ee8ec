// Node's test/parallel as cases.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { everywhere } from './case.mjs';
import { nodeTests } from './debian_source.mjs';
import { sample } from './sample.mjs';

// A test says in comments what it is to be run with.
const words = (text, pattern) =>
  [...text.matchAll(pattern)].flatMap((match) => match[1].trim().split(/\s+/));

function toCase(tree, name) {
  const file = path.join(tree, 'test', 'parallel', name);
  const text = readFileSync(file, 'utf8');
  return {
    name: `node/${name}`,
    preload: everywhere,
    flags: words(text, /^\/\/ Flags:(.*)$/gm),
    env: Object.fromEntries(words(text, /^\/\/ Env:(.*)$/gm).map((pair) => pair.split('='))),
    file,
    cwd: tree,
  };
}

// Node refuses every addon there, and so ours.
const forbidsAddons = ({ flags }) =>
  flags.some((flag) => /^--(experimental-)?permission$/.test(flag)) &&
  !flags.includes('--allow-addons');

/** `files` of them, chosen by `seed`; with `match`, only those whose names contain it. */
export function nodeSuite(major, { files, seed, match }) {
  const tree = nodeTests(major);
  const names = readdirSync(path.join(tree, 'test', 'parallel'))
    .filter((name) => /^test-.*\.m?js$/.test(name) && name.includes(match))
    .sort();
  const cases = names.map((name) => toCase(tree, name)).filter((one) => !forbidsAddons(one));
  return sample(cases, files, seed);
}
