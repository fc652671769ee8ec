const { fork } = require('node:child_process');

fork(require.resolve('./waits.cjs'), ['in a fork']);
