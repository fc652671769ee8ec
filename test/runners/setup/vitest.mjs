import { vi } from 'vitest';

globalThis.freshModules = () => vi.resetModules();
globalThis.fakeTimers = {
  install: () => vi.useFakeTimers(),
  advance: (ms) => vi.advanceTimersByTime(ms),
  uninstall: () => vi.useRealTimers(),
};
