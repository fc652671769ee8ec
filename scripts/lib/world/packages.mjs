// npm packages as cases: the tests that some bring along, and programs of ours that use others.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../paths.mjs';
import { run } from '../run.mjs';
import { everywhere, inTask } from './case.mjs';
import { sample } from './sample.mjs';

// Their tarballs have their tests.
const tested = {
  avvio: '9.3.1',
  bl: '6.1.6',
  'fast-json-stringify': '7.3.10',
  fastify: '5.12.8',
  fastq: '1.20.3',
  'find-my-way': '9.10.2',
  'light-my-request': '6.8.1',
  pino: '10.3.1',
  qs: '6.17.1',
  resolve: '1.22.14',
};

// Used by those tests.
const testing = {
  '@matteo.collina/tspl': '0.2.0',
  'es-value-fixtures': '1.7.1',
  'fast-json-body': '1.1.0',
  'fast-querystring': '1.1.2',
  'fastify-plugin': '5.1.0',
  'fluent-json-schema': '6.0.1',
  'flush-write-stream': '2.0.0',
  h2url: '0.2.0',
  'has-override-mistake': '1.0.1',
  'has-property-descriptors': '1.0.2',
  'has-proto': '1.2.0',
  'iconv-lite': '0.5.2',
  'import-fresh': '3.3.1',
  joi: '17.13.3',
  'mock-property': '1.1.2',
  'object-inspect': '1.13.4',
  'object-keys': '1.1.1',
  proxyquire: '2.1.3',
  rfdc: '1.4.1',
  'safer-buffer': '2.1.2',
  split2: '4.2.0',
  'strip-ansi': '6.0.1',
  tap: 'npm:tape@5.10.2',
  tape: '5.10.2',
  tmp: '0.0.31',
  undici: '7.30.2',
};

// Used by test/world/programs, besides what this repository depends on itself.
const used = {
  '@babel/core': '7.28.5',
  '@babel/preset-env': '7.28.5',
  acorn: '8.19.0',
  async: '3.2.6',
  bluebird: '3.7.2',
  ejs: '3.1.10',
  handlebars: '4.7.10',
  jsdom: '24.1.3',
  less: '4.4.2',
  lodash: '4.18.1',
  marked: '4.3.0',
  nunjucks: '3.2.4',
  pug: '3.0.4',
  rxjs: '7.8.2',
  sharp: '0.34.4',
};

function installed() {
  const folder = inRoot('.world', 'packages');
  const file = path.join(folder, 'package.json');
  const dependencies = { ...tested, ...testing, ...used };
  const wanted = `${JSON.stringify({ private: true, dependencies }, undefined, 2)}\n`;
  const stamp = path.join(folder, 'installed.json');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    console.log('installing the packages of test/world');
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, wanted);
    const quiet = ['--no-package-lock', '--no-audit', '--no-fund', '--legacy-peer-deps'];
    run('npm', ['install', ...quiet], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(stamp, wanted);
  }
  return path.join(folder, 'node_modules');
}

// In a package's folder `test` whatever is named as a test; in one that names none so, everything at the top.
function testFiles(folder) {
  const all = readdirSync(folder, { recursive: true }).map(String).sort();
  const named = all.filter((name) => /[.-]test\.c?js$/.test(name));
  return named.length > 0 ? named : all.filter((name) => /^[^/]+\.c?js$/.test(name));
}

/** `files` of their files, chosen by `seed`; with `match`, only those whose names contain it. */
export function packageSuite(_major, { files, seed, match }) {
  const modules = installed();
  const cases = Object.keys(tested).flatMap((name) =>
    testFiles(path.join(modules, name, 'test')).map((file) => ({
      name: `${name}/${file}`,
      preload: everywhere,
      file: path.join(modules, name, 'test', file),
      cwd: path.join(modules, name),
    })),
  );
  return sample(
    cases.filter(({ name }) => name.includes(match)),
    files,
    seed,
  );
}

/** Every program of test/world/programs. */
export function programSuite(_major, { match }) {
  const modules = installed();
  const folder = inRoot('test', 'world', 'programs');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cjs') && name.includes(match))
    .map((name) => ({
      name: `programs/${name}`,
      preload: inTask,
      file: path.join(folder, name),
      cwd: inRoot(),
      env: { NODE_PATH: modules },
      prints: true,
    }));
}
