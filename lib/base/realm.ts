/**
 * The global object whose timers tasks sleep by: Node's own, or that of the `vm` context which loaded greenfiber last, so
 * that the fake timers of a test runner which gives every test file a context are seen.
 */
let guest: WeakRef<typeof globalThis> | undefined;

export function adoptRealm(global: typeof globalThis): void {
  guest = new WeakRef(global);
}

/** Whether test files in contexts of their own came along: then the process is their runner's. */
export function hasGuests(): boolean {
  return guest !== undefined;
}

/** Whose `setTimeout` and `clearTimeout` are to be used now. */
export function realmOfTimers(): typeof globalThis {
  const global = guest?.deref();
  // A runner takes its globals apart when the file has ended.
  return typeof global?.setTimeout === 'function' ? global : globalThis;
}
