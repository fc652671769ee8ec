// WebAssembly: V8 frees code that no stack it knows of runs, and runs promising exports on stacks of its own.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { onDirect } from '../helpers/on-direct';

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

// Stack switching of WebAssembly itself. Behind a flag in Node 24, whose V8 does not say when it has come back:
// there a stack that has used it once stays refused.
if (major === 24) {
  test('documented limit: no fiber is entered from a stack that has used a promising export', async (t) => {
    const body = `
      const fiber = new Fiber(() => Fiber.yield());
      WebAssembly.promising(exportCalling(() => 1))(1).then(() => {
        try { fiber.resume(); print('entered'); } catch (error) { print(error.code); }
      });`;
    const flags = ['--experimental-wasm-jspi'];
    t.is(await answerOf(t, prelude + body, { flags }), 'ERR_FIBER_NOT_YIELDABLE');
  });
}

if (major >= 26) {
  const flags: string[] = [];

  test('a promising export may be called and awaited for in a fiber', async (t) => {
    const body = `
      const g = WebAssembly.promising(exportCalling(new WebAssembly.Suspending(async (x) => { await null; gc(); return 2 * x; })));
      const fibers = [1, 2, 3].map((i) => new Fiber(() => { const promise = g(i); Fiber.yield(); gc(); return promise; }));
      fibers.forEach((fiber) => fiber.resume());
      gc();
      Promise.all([2, 0, 1].map((i) => fibers[i].resume())).then(print);`;
    t.deepEqual(await answerOf(t, prelude + body, { flags }), [7, 3, 5]);
  });

  test('a suspending import that continues may run fibers', async (t) => {
    const body = `
      const fibers = [];
      const g = WebAssembly.promising(exportCalling(new WebAssembly.Suspending(async (x) => {
        await null;
        const fiber = new Fiber(() => { Fiber.yield(); gc(); return x; });
        fiber.resume();
        gc();
        return fiber.resume();
      })));
      Promise.all([g(1), new Fiber(() => g(2)).resume()]).then(print);`;
    t.deepEqual(await answerOf(t, prelude + body, { flags }), [2, 3]);
  });

  // V8 14 aborts now and then with "IsOnCentralStack()" under the locker engine, also on the main stack.
  onDirect('endless recursion below a promising export is a RangeError', async (t) => {
    const body = `
      const h = exportCalling((x) => h(x));
      const g = WebAssembly.promising(exportCalling(() => { try { return h(1); } catch (error) { return error instanceof RangeError ? 1 : 2; } }));
      (async () => print([await g(1), await new Fiber(() => g(1)).resume()]))();`;
    t.deepEqual(await answerOf(t, prelude + body, { flags }), [2, 2]);
  });

  // The frames of the export lie on a stack that V8 keeps one pointer to per isolate.
  test('a fiber cannot be left below a promising export', async (t) => {
    const body = `
      const seen = [];
      const g = WebAssembly.promising(exportCalling((x) => {
        const kept = { x };
        seen.push(Fiber.isYieldable());
        try { Fiber.yield(); } catch (error) { seen.push(error.code); }
        gc();
        return kept.x;
      }));
      const fibers = [1, 2].map((i) => new Fiber(() => g(i)));
      const promises = fibers.map((fiber) => fiber.resume());
      gc();
      fibers.forEach((fiber) => fiber.done || fiber.resume());
      Promise.all(promises).then((answers) => print([answers, seen]));`;
    const refusal = [false, 'ERR_FIBER_NOT_YIELDABLE'];
    t.deepEqual(await answerOf(t, prelude + body, { flags }), [
      [2, 3],
      [...refusal, ...refusal],
    ]);
  });

  test('resuming a fiber below a promising export works or is refused, and is no crash', async (t) => {
    const body = `
      const g = WebAssembly.promising(exportCalling((x) => {
        const kept = { x, deep: { x } };
        const fiber = new Fiber(() => {
          const own = { x };
          gc({ type: 'minor' });
          gc();
          Fiber.yield();
          let junk = [];
          for (let i = 0; i < 3e5; i++) { if (i % 1000 === 0) junk = []; junk.push({ i }); }
          gc();
          return own.x;
        });
        try {
          fiber.resume();
          gc({ type: 'minor' });
          fiber.resume();
        } catch (error) {
          if (error.code !== 'ERR_FIBER_NOT_YIELDABLE') throw error;
        }
        return kept.x + kept.deep.x;
      }));
      (async () => print([await g(1), await new Fiber(() => g(10)).resume()]))();`;
    t.deepEqual(await answerOf(t, prelude + body, { flags }), [3, 21]);
  });
}
