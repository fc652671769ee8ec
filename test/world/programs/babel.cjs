// A compiler with a plug-in whose visitor waits.
'use strict';

const { readFileSync } = require('node:fs');

const babel = require('@babel/core');

const { blocking, pause } = require('../blocking.cjs');
const { digest } = require('../digest.cjs');

const renames = () => ({
  visitor: {
    Identifier(path) {
      if (path.node.name === 'undefined') return;
      path.node.name = pause(path.node.name);
    },
    StringLiteral: { exit: (path) => void pause(path.node.value) },
  },
});

const transform = blocking((file) => {
  const { code, map } = babel.transformSync(readFileSync(file, 'utf8'), {
    babelrc: false,
    configFile: false,
    filename: file,
    compact: false,
    plugins: [renames],
    presets: [[require.resolve('@babel/preset-env'), { targets: 'ie 11' }]],
    sourceMaps: true,
  });
  return [code.length, digest(code), digest(map.mappings)];
});

const files = ['bluebird/js/release/promise.js', 'async/dist/async.js'];
Promise.all(files.map((file) => transform(require.resolve(file)))).then((results) =>
  console.log(results),
);
