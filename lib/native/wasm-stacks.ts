import type { Addon } from './binding';
import { FiberError } from '../base/errors';
import { hasFault } from './faults';

/** (import "" "f" (func)) (export "g" (func)): g calls f. */
const CALLER = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 6, 1, 0, 1, 102, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1,
  103, 0, 1, 10, 6, 1, 4, 0, 16, 0, 11,
]);

/** What is used of the global `WebAssembly`, which the types of Node do not declare. */
interface Namespace {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
  promising?: (call: unknown) => () => Promise<unknown>;
}

/**
 * Suspendable WebAssembly exports (`WebAssembly.promising`, JavaScript promise integration) run on stacks of their own. Both
 * engines keep V8 from visiting these once for every sleeping fiber. Where V8's list of threads was not found they are
 * refused, since a scavenger that sees one slot twice copies its object twice.
 */
export function prepareWasmStacks(addon: Addon): void {
  const { WebAssembly: namespace } = globalThis as unknown as { WebAssembly?: Namespace };
  if (namespace === undefined) return; // node --jitless
  const property = Object.getOwnPropertyDescriptor(namespace, 'promising');
  if (property === undefined || learnTheirState(addon, namespace)) return;
  if (property.configurable === true) {
    Object.defineProperty(namespace, 'promising', { ...property, value: promisingRefused });
  }
}

/** Shows the engine one from outside and from inside: see src-native/v8_state/engines/wasm_stacks.h. */
function learnTheirState(addon: Addon, { Module, Instance, promising: make }: Namespace): boolean {
  const look = (): void => {
    addon.lookAtWasmStack();
  };
  const { exports } = new Instance(new Module(CALLER), { '': { f: look } });
  const call = make?.(exports['g']);
  look();
  for (let round = 0; round < 2; round++) {
    void call?.();
    look();
  }
  return addon.learnWasmStack() && !hasFault('wasm-stacks');
}

// eslint-disable-next-line @typescript-eslint/no-unused-vars -- its length is that of the original
function promisingRefused(_export: unknown): never {
  throw new FiberError(
    'ERR_FIBER_WASM_STACKS',
    'WebAssembly.promising cannot be used in a thread that runs fibers with this version of V8, which would lose track of its ' +
      'stacks; call it in a worker that does not load greenfiber',
  );
}
