// Mocha and node:test run every file in Node's own realm, with its own modules.
const { install } = require('@sinonjs/fake-timers');

let clock;
globalThis.freshModules = () => {
  for (const file of Object.keys(require.cache)) delete require.cache[file];
};
globalThis.fakeTimers = {
  install: () => {
    clock = install();
  },
  advance: (ms) => clock.tick(ms),
  uninstall: () => clock.uninstall(),
};
