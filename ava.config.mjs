// The suite runs in child processes, not in workers; what has to hold in workers starts its own.
// The tests are compiled first: see tsconfig.test.json.
//
// GREENFIBER_SUITE=engine leaves out what does not depend on the engine or the Node version, and what takes long:
// every Node version and engine runs the rest, see scripts/.
const onlyOnce = ['!dist-test/bench/**', '!dist-test/docs/**', '!dist-test/scale/**'];

export default {
  files: ['dist-test/**/*.test.js', ...(process.env.GREENFIBER_SUITE === 'engine' ? onlyOnce : [])],
  workerThreads: false,
  concurrency: 2,
  failFast: false,
  timeout: '2m',
  nodeArguments: ['--expose-gc'],
};
