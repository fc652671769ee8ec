globalThis.freshModules = () => jest.resetModules();
globalThis.fakeTimers = {
  install: () => jest.useFakeTimers(),
  advance: (ms) => jest.advanceTimersByTime(ms),
  uninstall: () => jest.useRealTimers(),
};
globalThis.hasOwnRealm = true;
