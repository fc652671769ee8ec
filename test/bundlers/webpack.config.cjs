// As docs/bundlers.md has it, for both kinds of output.
const common = { mode: 'production', target: 'node20', entry: './app.mjs' };

module.exports = [
  { ...common, output: { path: `${__dirname}/out`, filename: 'webpack.cjs' } },
  {
    ...common,
    experiments: { outputModule: true },
    output: { path: `${__dirname}/out`, filename: 'webpack.mjs', module: true },
  },
];
