// WebAssembly: V8 frees code that no stack it knows of runs, and runs promising exports on stacks of its own.
import test from 'ava';

import { answerOf } from '../helpers/answer';

const major = Number(process.versions.node.split('.')[0]);

/** f: an import, (i32) -> i32; g: an export that answers f(x) + 1. */
const prelude = `
  const { Fiber } = require('greenfiber');
  const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 2, 6, 1, 0, 1, 102, 0, 0, 3, 2, 1, 0,
    7, 5, 1, 1, 103, 0, 1, 10, 11, 1, 9, 0, 32, 0, 16, 0, 65, 1, 106, 11]);
  const exportCalling = (f) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { '': { f } }).exports.g;
  const print = (value) => console.log(JSON.stringify(value));`;

test('imports of WebAssembly may yield, in several fibers and with collections', async (t) => {
  const body = `
    const g = exportCalling((x) => { const kept = { x }; const answer = Fiber.yield(x); gc(); return answer + kept.x; });
    const fibers = [1, 2, 3].map((i) => new Fiber(() => g(i)));
    fibers.forEach((fiber) => fiber.resume());
    gc({ type: 'minor' });
    gc();
    print([2, 0, 1].map((i) => fibers[i].resume(10 * i)));`;
  t.deepEqual(await answerOf(t, prelude + body), [24, 2, 13]);
});

test('errors pass through WebAssembly frames of a fiber', async (t) => {
  const body = `
    const g = exportCalling((x) => { Fiber.yield(); if (x === 1) throw new Error('thrown'); return x; });
    const [thrown, raised, returned] = [1, 2, 3].map((i) => new Fiber(() => { try { return g(i); } catch (error) { return error.message; } }));
    [thrown, raised, returned].forEach((fiber) => fiber.resume());
    print([thrown.resume(), raised.throw(new Error('raised')), returned.return('r').done, exportCalling(() => 4)(0)]);`;
  t.deepEqual(await answerOf(t, prelude + body), ['thrown', 'raised', true, 5]);
});

test('endless recursion through WebAssembly in a fiber is a RangeError', async (t) => {
  const body = `
    const g = exportCalling((x) => g(x));
    const fiber = new Fiber(() => { Fiber.yield(); try { g(1); } catch (error) { return error.name; } });
    fiber.resume();
    print([fiber.resume(), new Fiber(() => exportCalling(() => 4)(0)).resume()]);`;
  t.deepEqual(await answerOf(t, prelude + body), ['RangeError', 5]);
});

/** Hundreds of functions, so that tiering up makes more dead code than V8 lets lie. */
const manyFunctions = `
  const leb = (n) => { const out = []; do { let b = n & 127; n >>>= 7; if (n) b |= 128; out.push(b); } while (n); return out; };
  function moduleOf(count, length) {
    const bytes = [0, 97, 115, 109, 1, 0, 0, 0];
    const section = (id, content) => { bytes.push(id, ...leb(content.length)); for (const b of content) bytes.push(b); };
    section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]);
    section(2, [1, 0, 1, 102, 0, 0]);
    section(3, [...leb(count), ...Array(count).fill(0)]);
    const names = [...leb(count)];
    for (let i = 0; i < count; i++) names.push(('f' + i).length, ...Buffer.from('f' + i), 0, ...leb(i + 1));
    section(7, names);
    const code = [...leb(count)];
    for (let i = 0; i < count; i++) {
      const f = [1, 1, 0x7f, 0x20, 0, 0x10, 0, 0x21, 0];
      for (let k = 0; k < length; k++) f.push(0x20, 0, 0x20, 1, 0x6a, 0x41, ...leb((i + k) & 63), 0x6c, 0x21, 1);
      f.push(0x03, 0x40, 0x20, 1, 0x20, 0, 0x6a, 0x21, 1, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x0b);
      code.push(...leb(f.length), ...f);
    }
    section(10, code);
    return new WebAssembly.Module(new Uint8Array(bytes));
  }`;

test('code of a WebAssembly function is not freed while a fiber sleeps in it', async (t) => {
  const body = `
    let asleep = true;
    const count = 150;
    const f = (x) => { if (asleep && Fiber.current) Fiber.yield(); return x; };
    const instance = new WebAssembly.Instance(moduleOf(count, 60), { '': { f } });
    const call = (i) => instance.exports['f' + i](500);
    const fibers = Array.from({ length: count }, (_, i) => new Fiber(() => call(i)));
    fibers.forEach((fiber) => fiber.resume());
    const end = Date.now() + 1500;
    const expected = [];
    (function loop() {
      for (let i = 0; i < count; i++) for (let k = 0; k < 20; k++) expected[i] = call(i);
      if (Date.now() < end) return setTimeout(loop, 1);
      gc();
      asleep = false;
      print(fibers.every((fiber, i) => fiber.resume() === expected[i]));
    })();`;
  const flags = ['--stress-wasm-code-gc', '--wasm-tiering-budget=1000'];
  t.true(await answerOf(t, prelude + manyFunctions + body, { flags }));
});

// Stack switching of WebAssembly itself; behind a flag in Node 24.
if (major >= 24) {
  const flags = major === 24 ? ['--experimental-wasm-jspi'] : [];
  /** An export that was made before greenfiber was loaded, which nobody could refuse. */
  const early = (call: string): string =>
    `const { promising } = WebAssembly; ${prelude} const g = promising(exportCalling(${call}));`;

  test('WebAssembly.promising is refused, with a remedy', async (t) => {
    const body = `
      const seen = [WebAssembly.promising.name, WebAssembly.promising.length];
      try { WebAssembly.promising(exportCalling(() => 1)); } catch (error) { seen.push(error.code, /in a worker/.test(error.message)); }
      print(seen);`;
    t.deepEqual(await answerOf(t, prelude + body, { flags }), [
      'promising',
      1,
      'ERR_FIBER_WASM_STACKS',
      true,
    ]);
  });

  test('it is refused whatever part of greenfiber is loaded', async (t) => {
    const body = `
      require('greenfiber/http');
      try { WebAssembly.promising(() => 1); } catch (error) { console.log(JSON.stringify(error.code)); }`;
    t.is(await answerOf(t, body, { flags }), 'ERR_FIBER_WASM_STACKS');
  });

  test('a worker that does not load greenfiber may use it', async (t) => {
    const body = `
      const { Worker } = require('node:worker_threads');
      new Worker('require("node:worker_threads").parentPort.postMessage(WebAssembly.promising.toString())', { eval: true })
        .on('message', (text) => print(/native code/.test(text)));`;
    t.true(await answerOf(t, prelude + body, { flags }));
  });

  // A nursery that does not fill up: a collection is not safe here.
  const quiet = [...flags, '--min-semi-space-size=64'];

  test('a fiber cannot be left below an export that was made before', async (t) => {
    const body = `new Fiber(() => g(1)).resume().then((value) => print([value, seen]));`;
    const call = `(x) => {
      seen.push(Fiber.isYieldable());
      try { Fiber.yield(); } catch (error) { seen.push(error.code); }
      return x;
    }`;
    const program = `const seen = []; ${early(call)} ${body}`;
    t.deepEqual(await answerOf(t, program, { flags: quiet }), [
      2,
      [false, 'ERR_FIBER_NOT_YIELDABLE'],
    ]);
  });

  if (major === 24) {
    // Its V8 does not say when it has come back: a stack that has used it once stays refused.
    test('documented limit: no fiber is entered from a stack that has used such an export', async (t) => {
      const body = `
        const fiber = new Fiber(() => Fiber.yield());
        g(1).then(() => {
          try { fiber.resume(); print('entered'); } catch (error) { print(error.code); }
        });`;
      t.is(await answerOf(t, early('() => 1') + body, { flags: quiet }), 'ERR_FIBER_NOT_YIELDABLE');
    });
  }
}
