import { FiberError } from './errors';

/**
 * Refuses suspendable WebAssembly exports (`WebAssembly.promising`, JavaScript promise integration: Node 26, and 24 with a
 * flag) in a thread that loads greenfiber.
 *
 * While such an export runs, V8 finds the stack that it was called from in a list of WebAssembly's stacks, and visits all of
 * that list again for every archived thread: a scavenger that sees one slot twice copies its object twice. And as V8 must
 * take fibers for parts of the thread's own stack, it takes WebAssembly's stacks, which lie in between, for parts of it too.
 */
export function refuseWasmStacks(): void {
  const { WebAssembly: namespace } = globalThis as { WebAssembly?: object };
  if (namespace === undefined) return; // node --jitless
  const property = Object.getOwnPropertyDescriptor(namespace, 'promising');
  if (property?.configurable !== true) return;
  Object.defineProperty(namespace, 'promising', { ...property, value: promising });
}

// eslint-disable-next-line @typescript-eslint/no-unused-vars -- its length is that of the original
function promising(_export: unknown): never {
  throw new FiberError(
    'ERR_FIBER_WASM_STACKS',
    'WebAssembly.promising cannot be used in a thread that has loaded greenfiber: V8 would lose track of its stacks; ' +
      'call it in a worker that does not load greenfiber',
  );
}
