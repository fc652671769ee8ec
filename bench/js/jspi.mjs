// JavaScript Promise Integration, V8's own way to suspend a stack. It suspends frames of WebAssembly only, so its
// benchmarks need a module: here it is, assembled by hand. It has two exports,
//   run(n)       calls the import n times; n > 0
//   same(value)  answers the value
const code = [
  [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // types: () -> (), (i32) -> (), (i32) -> i32
  [0x01, 0x0d, 0x03, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f, 0x00, 0x60, 0x01, 0x7f, 0x01, 0x7f],
  // import "m" "f"
  [0x02, 0x07, 0x01, 0x01, 0x6d, 0x01, 0x66, 0x00, 0x00],
  // functions 1 and 2
  [0x03, 0x03, 0x02, 0x01, 0x02],
  // export "run", "same"
  [0x07, 0x0e, 0x02, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x01],
  [0x04, 0x73, 0x61, 0x6d, 0x65, 0x00, 0x02],
  [0x0a, 0x17, 0x02],
  // run: loop; call 0; n = n - 1; br_if n; end
  [0x10, 0x00, 0x03, 0x40, 0x10, 0x00, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00],
  [0x0b, 0x0b],
  // same
  [0x04, 0x00, 0x20, 0x00, 0x0b],
].flat();

// Programs are imported by Node versions that have no WebAssembly of this kind: nothing happens until they call.
function instantiate(f) {
  const { WebAssembly } = globalThis;
  const imports = { m: { f: new WebAssembly.Suspending(f) } };
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code)), imports).exports;
}

// A function of n that suspends n times, whenever `f`, which answers a promise, is called.
export const suspending = (f) => globalThis.WebAssembly.promising(instantiate(f).run);

// A function that runs on a stack of its own and answers its argument, by a promise.
export const promising = () => globalThis.WebAssembly.promising(instantiate(() => {}).same);
