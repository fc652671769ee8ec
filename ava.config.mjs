// The suite runs in child processes, not in workers; what has to hold in workers starts its own.
// The tests are compiled first: see tsconfig.test.json.
//
// GREENFIBER_SUITE chooses, see scripts/lib/suite.mjs:
//   whole     everything
//   version   without what one version of Node is enough for
//   engine    only what the engine can make a difference to
//   context   only what the asynchronous context can make a difference to
//
// GREENFIBER_PRELOAD names a file of test/preload that every test process begins with.
const once = [
  ...['bench', 'docs', 'scripts', 'scale'].map((folder) => `${folder}/**`),
  ...['inspect/page', 'load/load/test/report', 'servers/databases'].map((file) => `${file}.*`),
];
const differs = 'effects engine fiber fuzz hazards inspect lifecycle scheduler stress'.split(' ');

const contextual = 'effects fiber hazards lifecycle scheduler sync'.split(' ');

const leftOut = once.map((files) => `!dist-test/${files}`);
const suites = {
  whole: ['dist-test/**/*.test.js'],
  version: ['dist-test/**/*.test.js', ...leftOut],
  engine: [...differs.map((folder) => `dist-test/${folder}/**/*.test.js`), ...leftOut],
  context: contextual.map((folder) => `dist-test/${folder}/**/*.test.js`),
};
const preload = process.env.GREENFIBER_PRELOAD;
const preloaded = preload ? [`--require=${import.meta.dirname}/test/preload/${preload}.cjs`] : [];

export default {
  files: suites[process.env.GREENFIBER_SUITE ?? 'whole'],
  workerThreads: false,
  concurrency: 2,
  failFast: false,
  timeout: '6m',
  nodeArguments: ['--expose-gc', ...preloaded],
};
