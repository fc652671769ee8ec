// A formatter, over many files at once, with a parser that waits.
'use strict';

const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');

const prettier = require('prettier');
const { parsers } = require('prettier/plugins/babel');

const { blocking, pause } = require('../blocking.cjs');
const { digest } = require('../digest.cjs');

const parse = blocking((text, options) => pause(parsers.babel.parse(pause(text), options)));
const slow = { parsers: { slow: { ...parsers.babel, parse } } };

const folder = path.dirname(require.resolve('async'));
const files = readdirSync(path.join(folder, '..'))
  .filter((name) => name.endsWith('.js'))
  .slice(0, 60);
const format = blocking((name) =>
  prettier.format(pause(readFileSync(path.join(folder, '..', name), 'utf8')), {
    parser: 'slow',
    plugins: [slow],
    printWidth: 60,
  }),
);

Promise.all(files.map(async (name) => [name, digest(await format(name))])).then((results) =>
  console.log(results),
);
