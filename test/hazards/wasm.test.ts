// WebAssembly: V8 frees code that no stack it knows of runs, and runs promising exports on stacks of its own.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { nodeMajor as major } from '../helpers/node-major';

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

/** f: an import, (externref) -> externref, which is exported again; g: an export that answers f(x). */
const exportedAgain = `
  const again = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 111, 1, 111, 2, 7, 1, 1, 109, 1, 102, 0, 0, 3, 2, 1, 0,
    7, 9, 2, 1, 102, 0, 0, 1, 103, 0, 1, 10, 8, 1, 6, 0, 32, 0, 16, 0, 11]);
  const exportsOf = (f) => new WebAssembly.Instance(new WebAssembly.Module(again), { m: { f } }).exports;`;

test('an import that is exported again may yield, in code of every tier', async (t) => {
  const body = `
    const { f, g } = exportsOf((x) => { const kept = { x }; Fiber.yield(); return kept.x === x && x.value === 7 ? x : undefined; });
    let changed = 0;
    for (const call of [f, g, f]) {
      const bodyOf = () => { for (let i = 0; i < 30; i++) { const given = { value: 7 }; if (call(given) !== given) changed++; } };
      let live = Array.from({ length: 50 }, () => new Fiber(bodyOf));
      while (live.length > 0) {
        for (const fiber of live) fiber.resume();
        live = live.filter((fiber) => !fiber.done);
        gc({ type: 'minor' });
      }
    }
    print(changed);`;
  t.is(await answerOf(t, prelude + exportedAgain + body), 0);
});

// Stack switching of WebAssembly itself; behind a flag in the first releases of Node 24.
if (major >= 24) {
  const flags = major === 24 ? ['--experimental-wasm-jspi'] : [];
  /**
   * `sleepy(x)`: an export that answers the object that it is given, which only its own stack holds while it sleeps for a
   * millisecond, twice. Made before greenfiber is loaded.
   */
  const sleepy = `
    const suspends = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 9, 2, 96, 1, 111, 1, 111, 96, 0, 0, 2, 7, 1, 1, 109, 1, 115, 0, 1,
      3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 1, 10, 10, 1, 8, 0, 16, 0, 16, 0, 32, 0, 11]);
    const pause = new WebAssembly.Suspending(() => new Promise((resolve) => setTimeout(resolve, 1)));
    const sleepy = WebAssembly.promising(
      new WebAssembly.Instance(new WebAssembly.Module(suspends), { m: { s: pause } }).exports.f);`;

  test('suspendable exports keep their objects beside sleeping tasks, through all collections', async (t) => {
    const body = `
      const { spawn, sleep } = require('greenfiber');
      for (let i = 0; i < 30; i++) spawn(() => { for (;;) { const kept = { i }; sleep(1); if (kept.i !== i) process.exit(9); } }).unref();
      let changed = 0, garbage = [];
      const turns = async (n) => {
        for (let k = 0; k < 60; k++) {
          const answer = await sleepy({ value: [n, k] });
          if (answer.value[0] !== n || answer.value[1] !== k) changed++;
          for (let i = 0; i < 5000; i++) garbage.push({ i });
          if (garbage.length > 2e5) garbage = [];
          if (k % 20 === 0) gc();
        }
      };
      Promise.all([1, 2, 3, 4, 5].map(turns)).then(() => print(changed));`;
    const options = { flags: [...flags, '--max-semi-space-size=1'] };
    t.is(await answerOf(t, sleepy + prelude + body, options), 0);
  });

  test('a task waits for a suspendable export, again and again', async (t) => {
    const body = `
      const { spawn, sleep, wait } = require('greenfiber');
      const bodyOf = (i) => () => {
        for (let k = 0; k < 20; k++) {
          const given = { i, k };
          if (wait(sleepy(given)) !== given) return 'changed';
          sleep(0);
          gc({ type: 'minor' });
        }
        return 'done';
      };
      Promise.all([1, 2, 3].map((i) => spawn(bodyOf(i)))).then(print);`;
    t.deepEqual(await answerOf(t, sleepy + prelude + body, { flags }), ['done', 'done', 'done']);
  });

  test('a fiber cannot be left below such an export, and can afterwards', async (t) => {
    const body = `
      const seen = [];
      const g = WebAssembly.promising(exportCalling((x) => {
        seen.push(Fiber.isYieldable());
        try { Fiber.yield(); } catch (error) { seen.push(error.code); }
        return x;
      }));
      const fiber = new Fiber(() => { const promise = g(1); seen.push(Fiber.isYieldable(), Fiber.yield()); return promise; });
      fiber.resume();
      fiber.resume('resumed').then((value) => print([value, ...seen]));`;
    t.deepEqual(await answerOf(t, prelude + body, { flags }), [
      2,
      false,
      'ERR_FIBER_NOT_YIELDABLE',
      true,
      'resumed',
    ]);
  });

  test('a worker ends while suspendable exports and tasks sleep in it', async (t) => {
    const body = `
      const { Worker } = require('node:worker_threads');
      const source = ${JSON.stringify('SLEEPY')} + \`
        const { spawn, sleep } = require('greenfiber');
        for (let i = 0; i < 10; i++) spawn(() => { for (;;) { sleep(1); sleepy({ i }); } });
        setTimeout(() => require('node:worker_threads').parentPort.postMessage('busy'), 50);\`;
      const end = async () => {
        const worker = new Worker(source, { eval: true });
        await require('node:events').once(worker, 'message');
        return worker.terminate();
      };
      (async () => print([await end(), await end(), await end()]))();`;
    const source = body.replace('"SLEEPY"', JSON.stringify(sleepy));
    t.deepEqual(await answerOf(t, prelude + source, { flags }), [1, 1, 1]);
  });

  test('where its stacks were not found WebAssembly.promising is refused, with a remedy', async (t) => {
    const body = `
      const seen = [WebAssembly.promising.length];
      try { WebAssembly.promising(exportCalling(() => 1)); } catch (error) { seen.push(error.code, /in a worker/.test(error.message)); }
      print(seen);`;
    const options = { flags, env: { GREENFIBER_FAULT: 'wasm-stacks' } };
    t.deepEqual(await answerOf(t, prelude + body, options), [1, 'ERR_FIBER_WASM_STACKS', true]);
  });

  test('it is refused there whatever part of greenfiber is loaded', async (t) => {
    const body = `
      require('greenfiber/http');
      try { WebAssembly.promising(() => 1); } catch (error) { console.log(JSON.stringify(error.code)); }`;
    const options = { flags, env: { GREENFIBER_FAULT: 'wasm-stacks' } };
    t.is(await answerOf(t, body, options), 'ERR_FIBER_WASM_STACKS');
  });
}
