// A thread's main module waits as well.
const { Worker } = require('node:worker_threads');

new Worker(require.resolve('./waits.cjs'), { argv: ['in a worker'] });
