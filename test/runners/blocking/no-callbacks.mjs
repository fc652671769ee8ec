globalThis.hasCallbacks = false; // of Vitest, which gives a body its context instead
