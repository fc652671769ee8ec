// A debugger is attached from the start, and follows asynchronous calls.
const { Session } = require('node:inspector');

const session = new Session();
session.connect();
session.post('Runtime.enable');
session.post('Debugger.enable');
session.post('Debugger.setAsyncCallStackDepth', { maxDepth: 32 });
