export default {
  files: ['test/package/*.test.mjs'],
  workerThreads: false,
  timeout: '5m',
};
