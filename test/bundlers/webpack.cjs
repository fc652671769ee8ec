// webpack's command is a package of its own.
require('webpack')(require('./webpack.config.cjs'), (error, stats) => {
  if (error) throw error;
  console.log(stats.toString({ all: false, errors: true, warnings: true }));
  process.exitCode = stats.hasErrors() || stats.hasWarnings() ? 1 : 0;
});
