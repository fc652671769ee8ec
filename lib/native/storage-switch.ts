import { AsyncLocalStorage } from 'node:async_hooks';

/** An `AsyncLocalStorage` of Nodes that keep stores on resource objects: it has a switch of its own. */
interface SwitchedStorage {
  enabled: boolean;
  _enable(): void;
  getStore(): unknown;
  run(store: unknown, callback: (...args: unknown[]) => unknown, ...args: unknown[]): unknown;
  enterWith(store: unknown): void;
  disable(): void;
}

/** What it returns where nothing was stored. */
function defaultOf(storage: SwitchedStorage): unknown {
  storage.enabled = false;
  try {
    return storage.getStore();
  } finally {
    storage.enabled = true;
  }
}

/**
 * Node 20 and 22, and later ones under `--no-async-context-frame`, leave a store by switching the whole instance off,
 * for as long as `exit` runs or until it is used again. That is well while nothing else can run meanwhile. Here it can,
 * so `exit` leaves the store of its own flow only, as Node's newer implementation does, and so does `disable` in a fiber.
 */
export function leaveStoresByFlow(isInFiber: () => boolean): void {
  const prototype = AsyncLocalStorage.prototype as unknown as SwitchedStorage;
  if (typeof prototype._enable !== 'function') return;
  const disableAll: unknown = Reflect.get(prototype, 'disable');
  const methods = {
    exit(
      this: SwitchedStorage,
      callback: (...args: unknown[]) => unknown,
      ...args: unknown[]
    ): unknown {
      if (!this.enabled) return Reflect.apply(callback, null, args);
      return this.run(defaultOf(this), callback, ...args);
    },
    disable(this: SwitchedStorage): void {
      if (!isInFiber()) Reflect.apply(disableAll as () => void, this, []);
      else if (this.enabled) this.enterWith(defaultOf(this));
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    // Where a program has frozen the prototype, it stays as it is.
    Reflect.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}
