import { vi } from 'vitest';

globalThis.freshModules = () => vi.resetModules();
globalThis.fakeTimers = {
  install: () => vi.useFakeTimers(),
  advance: (ms) => vi.advanceTimersByTime(ms),
  uninstall: () => vi.useRealTimers(),
};
globalThis.hasOwnRealm = import.meta.env.VITEST_POOL?.startsWith('vm');
