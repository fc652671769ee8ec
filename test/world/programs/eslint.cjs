// A linter with a rule that waits.
'use strict';

const { readFileSync } = require('node:fs');

const js = require('@eslint/js');
const { Linter } = require('eslint');

const { blocking, pause } = require('../blocking.cjs');

const slow = {
  meta: { type: 'problem', fixable: 'code', schema: [] },
  create: (context) => ({
    Literal(node) {
      if (pause(node.value) !== 'use strict') return;
      context.report({ node, message: pause('strict'), fix: (fixer) => pause(fixer.remove(node)) });
    },
    'CallExpression > MemberExpression:exit': (node) => void pause(node),
  }),
};

const lint = blocking((file) => {
  const config = [
    js.configs.recommended,
    {
      plugins: { world: { rules: { slow } } },
      rules: { 'world/slow': 'error', 'prefer-const': 'error', 'no-var': 'error', eqeqeq: 'error' },
    },
  ];
  const { fixed, messages, output } = new Linter().verifyAndFix(
    readFileSync(file, 'utf8'),
    config,
    { filename: 'file.js' },
  );
  return [fixed, messages.length, output.length, messages.map((one) => one.ruleId).slice(0, 20)];
});

const files = ['async/dist/async.js', 'bluebird/js/release/promise.js', 'rxjs', 'ejs'];
Promise.all(files.map((file) => lint(require.resolve(file)))).then((results) =>
  console.log(JSON.stringify(results)),
);
