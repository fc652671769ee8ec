import test from 'ava';
import { spawn } from 'greenfiber';
import { Offload } from 'greenfiber/offload';

import { runChild } from '../helpers/child';
import { refused } from '../helpers/codes';
import { inTask } from '../helpers/in-task';
import { nodeMajor } from '../helpers/node-major';
import { kernelLibrary, libraryOf, testLibrary } from '../helpers/offload-library';

const pool = new Offload({ threads: 1 });
const library = pool.load(testLibrary());
test.after(() => pool.close());

test('a library that does not load, or is none, is refused with the reason', (t) => {
  const code = 'ERR_OFFLOAD_LIBRARY';
  t.regex(refused(t, code, () => pool.load('./no/such.so'))!.message, /no\/such\.so: cannot open/);
  t.regex(
    refused(t, code, () => pool.load('libnosuchthing.so'))!.message,
    /cannot open shared object/,
  );
  t.regex(refused(t, code, () => pool.load('package.json'))!.message, /cannot open shared object/);
  t.regex(refused(t, code, () => pool.load('./package.json'))!.message, /invalid ELF header/);
  const noTable = libraryOf('test/fixtures/offload/no_table.c');
  t.regex(refused(t, code, () => pool.load(noTable))!.message, /no symbol greenfiber_exports/);
  const badSignature = libraryOf('test/fixtures/offload/bad_signature.c');
  t.regex(
    refused(t, code, () => pool.load(badSignature))!.message,
    /the signature "bb" of two_buffers is none/,
  );
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => pool.load(1 as never));
});

test('a library that was built for a newer interface is refused', (t) => {
  const error = refused(t, 'ERR_OFFLOAD_ABI', () =>
    pool.load(libraryOf('test/fixtures/offload/too_new.c')),
  );
  t.regex(
    error!.message,
    /built for version 2 of the interface, and this greenfiber knows version 1; update/,
  );
});

test('a function that a library does not have is refused, with those that it has', (t) => {
  const error = refused(t, 'ERR_OFFLOAD_SYMBOL', () => library.fn('nosuch'));
  t.regex(error!.message, /has no function "nosuch": it has integers, echo_integer/);
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => library.fn(1 as never));
  refused(t, 'ERR_OFFLOAD_SYMBOL', () => library.fn('toString'));
});

test('wrong options are refused', (t) => {
  const type = 'ERR_FIBER_INVALID_ARG_TYPE';
  const value = 'ERR_FIBER_INVALID_ARG_VALUE';
  refused(t, type, () => new Offload(1 as never));
  refused(t, type, () => new Offload({ threads: '2' as never }));
  refused(t, type, () => new Offload({ pin: 1 as never }));
  refused(t, type, () => new Offload({ batch: 7 as never }));
  refused(t, type, () => new Offload({ batch: { delay: '1' as never } }));
  for (const threads of [0, 1.5, -1, 1025, NaN]) refused(t, value, () => new Offload({ threads }));
  for (const size of [0, 1001, 2.5]) refused(t, value, () => new Offload({ batch: { size } }));
  for (const delay of [-1, NaN]) refused(t, value, () => new Offload({ batch: { delay } }));
  refused(t, type, () => pool.close(1 as never));
  refused(t, value, () => pool.close({ grace: -1 }));
  t.is(pool.stats().state, 'open');
});

test('a detached buffer is refused, also when it is detached before its batch goes', async (t) => {
  const mixed = library.fn<[Uint8Array, number, number, number], number>('mixed');
  const detached = new Uint8Array(10);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  await inTask(t, () => {
    const error = refused(t, 'ERR_OFFLOAD_BUFFER', () => mixed(detached, 1, 2, 3));
    t.regex(error!.message, /The buffer of mixed was detached/);
  });
  const late = new Uint8Array(10);
  const call = mixed.promised(late, 1, 2, 3);
  structuredClone(late.buffer, { transfer: [late.buffer] });
  await t.throwsAsync(call, { code: 'ERR_OFFLOAD_BUFFER' });
  t.is(await mixed.promised(new Uint8Array([1]), 0, 1, 1), 2);
});

test('a buffer that could shrink is refused, one that could only grow is not', async (t) => {
  const mixed = library.fn<[ArrayBufferLike | ArrayBufferView, number, number, number], number>(
    'mixed',
  );
  const Resizable = ArrayBuffer as new (length: number, options: object) => ArrayBuffer;
  const Growable = SharedArrayBuffer as new (length: number, options: object) => SharedArrayBuffer;
  const resizable = new Resizable(8, { maxByteLength: 16 });
  const growable = new Growable(8, { maxByteLength: 16 });
  new Uint8Array(growable).fill(1);
  await inTask(t, () => {
    refused(t, 'ERR_OFFLOAD_BUFFER', () => mixed(resizable, 0, 0, 1));
    refused(t, 'ERR_OFFLOAD_BUFFER', () => mixed(new Uint8Array(resizable), 0, 0, 1));
    t.is(mixed(growable, 0, 0, 1), 8);
    const view = new Uint8Array(growable); // tracks the length
    (growable as unknown as { grow(length: number): void }).grow(16);
    t.is(mixed(view, 0, 0, 1), 8);
  });
});

if (nodeMajor >= 24) {
  test('while a call has a buffer, the buffer cannot be detached, and afterwards it can', async (t) => {
    const untilTold = library.fn<[Uint8Array], undefined>('until_told');
    const bytes = new Uint8Array(100);
    const { buffer } = bytes;
    const calls = [untilTold.promised(bytes), untilTold.promised(bytes.subarray(0, 50))];
    await new Promise(setImmediate);
    t.throws(() => structuredClone(buffer, { transfer: [buffer] }), { name: 'TypeError' });
    t.throws(() => (buffer as ArrayBuffer & { transfer(): void }).transfer(), {
      name: 'TypeError',
    });
    const { port1 } = new MessageChannel();
    t.throws(() => port1.postMessage(buffer, [buffer]), { name: 'TypeError' });
    port1.close();
    t.is(bytes.length, 100);
    Atomics.store(bytes, 0, 1);
    await Promise.all(calls);
    t.is(bytes[1], 1);
    structuredClone(buffer, { transfer: [buffer] });
    t.is(bytes.length, 0);
  });
} else {
  test('a buffer that is transferred during a call keeps its memory until the call has ended', async (t) => {
    const untilTold = library.fn<[Uint8Array], undefined>('until_told');
    const bytes = new Uint8Array(100);
    const call = untilTold.promised(bytes);
    await new Promise(setImmediate);
    const moved = new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer] }));
    t.is(bytes.length, 0);
    Atomics.store(moved, 0, 1);
    await call;
    t.is(moved[1], 1);
  });
}

test('a buffer that nobody else refers to lives until its call has ended', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const pool = new Offload({ threads: 2 });
    const nap = pool.load(${JSON.stringify(testLibrary())}).fn('nap');
    const memory = pool.load(${JSON.stringify(kernelLibrary())}).fn('memory');
    const naps = [nap.promised(50), nap.promised(50)]; // both threads are busy
    const calls = Array.from({ length: 50 }, () => memory.promised(new Int32Array(250000).fill(1), 250000));
    setImmediate(() => { for (let i = 0; i < 5; i++) gc(); });
    Promise.all([...naps, ...calls]).then(() => pool.close()).then(() => {
      let looks = 0;
      const look = () => {
        gc(); // V8 gives the memory back on a thread of its own
        const isGone = process.memoryUsage().arrayBuffers < 20e6;
        if (isGone || ++looks === 500) console.log(isGone);
        else setTimeout(look, 10);
      };
      look();
    });`;
  t.deepEqual(await runChild(program), { code: 0, signal: null, stdout: 'true\n', stderr: '' });
});

test('a function that crashes ends the process with its signal', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const pool = new Offload({ threads: 1 });
    pool.load(${JSON.stringify(testLibrary())}).fn('crash').promised();`;
  const { signal, stderr } = await runChild(program);
  t.is(signal, 'SIGSEGV');
  t.regex(stderr, /greenfiber: the external function crash of .*library\.so crashed \(signal 11\)/);
});

test('a C++ exception that gets out ends the process, and says so', async (t) => {
  const program = `
    const { Offload } = require('greenfiber/offload');
    const pool = new Offload({ threads: 1 });
    pool.load(${JSON.stringify(libraryOf('test/fixtures/offload/cpp_library.cc'))}).fn('throws').promised();`;
  const { signal, stderr } = await runChild(program);
  t.is(signal, 'SIGABRT');
  t.regex(stderr, /std::runtime_error[^]*out of the function/);
  t.regex(stderr, /greenfiber: the external function throws of .* crashed \(signal 6\)/);
});

test('calls work again after all of these', async (t) => {
  await spawn(() => t.is(library.fn<[number], number>('echo_integer')(5), 5));
});
