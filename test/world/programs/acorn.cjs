// A parser whose callbacks wait, in two tasks at once.
'use strict';

const { readFileSync } = require('node:fs');

const acorn = require('acorn');

const { blocking, pause } = require('../blocking.cjs');
const { digest } = require('../digest.cjs');

const parse = blocking((file) => {
  let tokens = 0;
  const comments = [];
  const tree = acorn.parse(readFileSync(file, 'utf8'), {
    ecmaVersion: 'latest',
    locations: true,
    onToken: () => pause(tokens++),
    onComment: (_block, text) => comments.push(pause(text)),
  });
  return [tokens, comments.length, digest(JSON.stringify(tree, (_, value) => value))];
});

const files = ['lodash', 'acorn', 'handlebars'].map((name) => require.resolve(name));
Promise.all(files.map((file) => parse(file))).then((results) => console.log(results));
