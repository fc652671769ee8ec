// Async hooks of every kind are on from the start.
const { createHook } = require('node:async_hooks');

const nothing = () => {};
createHook({
  init: nothing,
  before: nothing,
  after: nothing,
  destroy: nothing,
  promiseResolve: nothing,
}).enable();
