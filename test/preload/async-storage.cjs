// An AsyncLocalStorage is in use from the start, and another one in what was begun before the program.
const { AsyncLocalStorage } = require('node:async_hooks');

new AsyncLocalStorage().enterWith({ entered: 'before the program' });
new AsyncLocalStorage().run({ begun: 'before the program' }, () => {
  setImmediate(() => {}).unref();
});
