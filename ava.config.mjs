// The suite runs in child processes, not in workers; what has to hold in workers starts its own.
// The tests are compiled first: see tsconfig.test.json.
export default {
  files: ['dist-test/**/*.test.js'],
  workerThreads: false,
  concurrency: 2,
  failFast: false,
  timeout: '2m',
  nodeArguments: ['--expose-gc'],
};
