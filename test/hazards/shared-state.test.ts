// What V8 and Node keep once per thread while they call back: two stacks asleep in it, and others that use it meanwhile.
// docs/internals/v8-state.md says of each why it is sound.
import { createHook, AsyncResource } from 'node:async_hooks';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';
import { nodeMajor } from '../helpers/node-major';

const pause = (): void => {
  if (Fiber.current !== undefined) Fiber.yield();
};

/** What bodies answer that are asleep at the same time and woken in no order, with collections and `meanwhile` between. */
function interleaved<T>(bodies: (() => T)[], meanwhile: () => void = () => undefined): T[] {
  const answers: T[] = [];
  const asleep = bodies.map((body, i) => new Fiber(() => void (answers[i] = body())));
  for (let turn = 0; asleep.length > 0; turn++) {
    const at = (turn * 7) % asleep.length;
    asleep[at]!.resume();
    if (asleep[at]!.done) asleep.splice(at, 1);
    meanwhile();
    if (turn % 11 === 0) gc!({ type: turn % 3 === 0 ? 'major' : 'minor' });
  }
  return answers;
}

const times = <T>(count: number, body: (i: number) => T): (() => T)[] =>
  Array.from({ length: count }, (_, i) => () => body(i));

test('matches of regular expressions are their own, whatever others match meanwhile', (t) => {
  const answers = interleaved(
    times(6, (i) => {
      const swap = (_: string, letter: string, digit: string): string => {
        pause();
        return digit + letter;
      };
      const groups: unknown[] = [];
      for (const match of 'x1y2'.matchAll(/([a-z])(\d)/g)) {
        pause();
        groups.push(match[2]);
      }
      return [`a${i}b${i}`.replace(/([ab])(\d)/g, swap), groups.join()];
    }),
    () => /^(?:a|ab)+c(w*)$/.exec('ab'.repeat(200)),
  );
  t.deepEqual(
    answers,
    [0, 1, 2, 3, 4, 5].map((i) => [`${i}a${i}b`, '1,2']),
  );
});

test('objects that an optimised frame was asked for belong to that frame', (t) => {
  // Reading `arguments` of a frame makes V8 keep its objects by the address of the frame.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- sloppy mode
  const caller = new Function(
    'pause',
    `return function hot(a) {
       const point = { x: a, inner: { y: a } };
       const given = leaf(hot);
       return point.x + point.inner.y + (given === null ? 0 : given[0]);
     };
     function leaf(f) { pause(); return f.arguments; }`,
  )(pause) as (a: number) => number;
  for (let i = 0; i < 2000; i++) caller(i);
  const answers = interleaved(
    times(8, (i) => [caller(i), caller(i + 1)]),
    () => caller(5),
  );
  t.deepEqual(
    answers,
    [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [3 * i, 3 * i + 3]),
  );
});

test('serializers call methods that yield, each with its own buffer', (t) => {
  class Slow extends v8.DefaultSerializer {
    _writeHostObject(object: object): void {
      pause();
      const { _writeHostObject: write } = v8.DefaultSerializer.prototype as unknown as {
        _writeHostObject: (object: object) => void;
      };
      write.call(this, object);
    }
  }
  const answers = interleaved(
    times(6, (i) => {
      const serializer = new Slow();
      serializer.writeHeader();
      serializer.writeValue([Buffer.alloc(10, i), new Uint8Array([i])]);
      const deserializer = new v8.DefaultDeserializer(serializer.releaseBuffer());
      deserializer.readHeader();
      return (deserializer.readValue() as Uint8Array[]).map((array) => array[0]);
    }),
  );
  t.deepEqual(
    answers,
    [0, 1, 2, 3, 4, 5].map((i) => [i, i]),
  );
});

test('typed arrays may shrink, grow and be given away while fibers are asleep in their methods', (t) => {
  const buffer = new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(64, {
    maxByteLength: 4096,
  }) as ArrayBuffer & { resize(length: number): void };
  const array = new Uint8Array(buffer);
  const slow = (value: number): number => ({ valueOf: () => (pause(), value) }) as never;
  let length = 64;
  const answers = interleaved(
    times(4, (i) => {
      array.forEach(pause);
      array.fill(slow(3));
      array.indexOf(3, slow(0));
      array.copyWithin(0, slow(3));
      array.slice(slow(3));
      const own = new Float64Array(20).map((_, k) => k % 7);
      own.sort((a, b) => {
        pause();
        if (i % 2 === 0 && own.length > 0) structuredClone(own.buffer, { transfer: [own.buffer] });
        return a - b;
      });
      return own.length;
    }),
    () => buffer.resize((length = (length * 7) % 509)),
  );
  t.deepEqual(answers, [0, 20, 0, 20]);
});

test('a Map may be refilled and emptied while fibers are asleep in its iteration', (t) => {
  const map = new Map(Array.from({ length: 50 }, (_, i) => [i, i]));
  let turn = 0;
  const answers = interleaved(
    times(4, () => {
      let seen = 0;
      map.forEach((value, key) => {
        if (seen++ < 60) pause();
        map.delete(key);
        t.is(value, key);
      });
      return seen > 0;
    }),
    () => {
      if (++turn % 40 === 0) map.clear();
      for (let k = 0; k < 20 && turn < 300; k++) map.set(turn * 100 + k, turn * 100 + k);
    },
  );
  t.deepEqual(answers, [true, true, true, true]);
});

test('a generator that a fiber is asleep in is running for everybody', (t) => {
  function* slow(): Generator<number> {
    pause();
    yield 1;
  }
  const generator = slow();
  const fiber = new Fiber(() => generator.next().value);
  fiber.resume();
  t.throws(() => generator.next(), { instanceOf: TypeError, message: /already running/ });
  t.is(fiber.resume(), 1);
  t.deepEqual(generator.next(), { value: undefined, done: true });
});

test('what interceptors of a vm context are asked for may yield', (t) => {
  const slow = new Proxy(
    { a: 1 },
    {
      has: (target, key) => (pause(), Reflect.has(target, key)),
      get: (target, key) => (pause(), Reflect.get(target, key) as unknown),
      set: (target, key, value) => (pause(), Reflect.set(target, key, value)),
    },
  );
  const context = vm.createContext(slow);
  const answers = interleaved(
    times(5, () => vm.runInContext('a = 2; a + 1', context) as unknown),
    () => vm.runInThisContext('1'),
  );
  t.deepEqual(answers, [3, 3, 3, 3, 3]);
});

test('async hooks may yield, and hooks enabled and disabled meanwhile count when they have returned', (t) => {
  let asleep = 0;
  const slow = createHook({
    init() {
      if (Fiber.current === undefined) return;
      asleep++;
      Fiber.yield();
    },
  }).enable();
  let seen = 0;
  const other = createHook({
    init() {
      seen++;
    },
  });
  const fiber = new Fiber(() => new AsyncResource('First').asyncId());
  fiber.resume();
  other.enable();
  while (!fiber.done) fiber.resume();
  new AsyncResource('Second');
  slow.disable();
  other.disable();
  t.true(asleep > 0);
  t.true(seen > 0);
});

test('options and arguments of node functions may yield while others call the same functions', (t) => {
  const answers = interleaved(
    times(4, (i) => {
      const url = new URL({ toString: () => (pause(), `http://host${i}/`) });
      url.pathname = { toString: () => (pause(), `/path${i}`) } as never;
      const query = new URLSearchParams(
        new Proxy({ a: String(i) }, { get: (target, key) => (pause(), Reflect.get(target, key)) }),
      );
      return `${url.href}?${query.toString()}`;
    }),
    () => new URL('http://elsewhere/'),
  );
  t.deepEqual(
    answers,
    [0, 1, 2, 3].map((i) => `http://host${i}/path${i}?a=${i}`),
  );
});

test('an inspector session may be closed while fibers are asleep in what it evaluates', (t) => {
  const session = new Session();
  session.connect();
  Object.assign(globalThis, { sleepInSession: pause });
  const fibers = [1, 2, 3].map(
    () => new Fiber(() => session.post('Runtime.evaluate', { expression: 'sleepInSession()' })),
  );
  for (const fiber of fibers) fiber.resume();
  session.disconnect();
  gc!();
  for (const i of [1, 0, 2]) fibers[i]!.resume();
  t.true(fibers.every((fiber) => fiber.done));
});

test('a function that a fiber is asleep in is not replaced under its feet', (t) => {
  const session = new Session();
  session.connect();
  let scriptId = '';
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.url === 'edited.js') scriptId = params.scriptId;
  });
  session.post('Debugger.enable');
  const source = (answer: number): string => `(function (pause) { pause(); return ${answer}; })`;
  const edited = vm.runInThisContext(source(1), { filename: 'edited.js' }) as (
    pause: () => void,
  ) => number;
  const fiber = new Fiber(() => edited(pause));
  fiber.resume();
  let answer: unknown;
  session.post(
    'Debugger.setScriptSource' as never,
    { scriptId, scriptSource: source(2) } as never,
    ((error: Error | null, { status } = { status: '' }) => {
      answer = error?.message ?? status;
    }) as never,
  );
  session.disconnect();
  t.regex(String(answer), /^BlockedByActiveFunction$|no longer available/);
  t.is(fiber.resume(), 1);
});

test('while a fiber sleeps in a pause of the debugger, nobody else is paused', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { Session } = require('node:inspector') as typeof import('node:inspector');
    const session = new Session();
    session.connect();
    session.post('Debugger.enable');
    const paused: string[] = [];
    session.on('Debugger.paused', ({ params }) => {
      paused.push(params.callFrames[0]!.functionName);
      if (Fiber.current !== undefined) Fiber.yield('asleep');
    });
    const stop = (name: string): unknown =>
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- functions of a name each
      new Function(`return function ${name}() { debugger; return '${name}' }`)() as unknown;
    const [a, b] = ['first', 'second'].map((name) => new Fiber(stop(name) as () => unknown));
    const seen = [a!.resume(), b!.resume()];
    gc!();
    seen.push(a!.resume());
    (stop('third') as () => void)();
    console.log(JSON.stringify([seen, paused]));
    process.exit();
  });
  t.deepEqual(answer, [
    ['asleep', 'second', 'first'],
    ['first', 'third'],
  ]);
});

const nested = (open: string, close = ''): string => open.repeat(60_000) + close.repeat(60_000);
const wrap = (count: number, value: unknown, once: (value: never) => unknown): unknown => {
  for (let i = 0; i < count; i++) value = once(value as never);
  return value;
};
const recursions: Record<string, () => unknown> = {
  'the parser': () => eval(nested('[', ']')),
  'the compiler': () => eval(nested('- ') + '1'),
  'JSON.stringify': function stringify(): unknown {
    return JSON.stringify({ toJSON: stringify });
  },
  structuredClone: () => structuredClone(wrap(200_000, {}, (o) => ({ o }))),
  'Array.prototype.flat': () => (wrap(200_000, [], (o) => [o]) as unknown[]).flat(Infinity),
  'a chain of proxies': () => (wrap(200_000, {}, (o) => new Proxy(o, {})) as { x: 1 }).x,
  'a comparator': function compare(): unknown {
    return [1, 2].sort(compare as never);
  },
  'a replacer': function replace(): unknown {
    return 'a'.replace(/a/, replace as never);
  },
  'Array.from': function from(): unknown {
    return Array.from({ [Symbol.iterator]: from } as never);
  },
};
for (const [name, overflow] of Object.entries(recursions)) {
  test(`recursion through ${name} ends in a RangeError of the fiber`, (t) => {
    const fiber = new Fiber(() => t.throws(overflow, { instanceOf: RangeError }));
    fiber.resume();
    t.true(fiber.done);
  });
}

const canRequireModules = nodeMajor >= 22;
(canRequireModules ? test : test.skip)(
  'a module that a fiber is asleep in is not evaluated again by who imports it',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'greenfiber-'));
    writeFileSync(
      join(folder, 'slow.mjs'),
      'globalThis.evaluated = (globalThis.evaluated ?? 0) + 1; sleep(); export const a = 1;',
    );
    writeFileSync(
      join(folder, 'user.mjs'),
      'import { a } from "./slow.mjs"; export const read = () => a;',
    );
    const answer = await answerOf(
      t,
      `const { Fiber } = require('greenfiber');
      globalThis.sleep = () => Fiber.yield();
      const fiber = new Fiber(() => require(${JSON.stringify(join(folder, 'slow.mjs'))}).a);
      fiber.resume();
      (async () => {
        const { read } = await import(${JSON.stringify(join(folder, 'user.mjs'))});
        const early = (() => { try { return read(); } catch (error) { return error.name; } })();
        const again = import(${JSON.stringify(join(folder, 'slow.mjs'))});
        const value = fiber.resume();
        console.log(JSON.stringify([early, value, read(), (await again).a, evaluated]));
      })();`,
    );
    t.deepEqual(answer, ['ReferenceError', 1, 1, 1, 1]);
  },
);

test('documented limit: while a fiber sleeps in an initialisation, no other addon can be loaded', async (t) => {
  const exit = await runChild(
    `const { copyFileSync, mkdtempSync } = require('node:fs');
    const { Fiber } = require('greenfiber');
    const folder = mkdtempSync(require('node:os').tmpdir() + '/greenfiber-');
    const [first, second] = ['first', 'second'].map((name) => {
      const path = folder + '/' + name + '.node';
      copyFileSync(process.argv[1], path);
      return path;
    });
    const slow = () => { if (Fiber.current) Fiber.yield(); return true; };
    const exports = new Proxy({}, { set: slow, defineProperty: slow });
    new Fiber(() => process.dlopen({ exports }, first)).resume();
    const { Worker } = require('node:worker_threads');
    const ready = new Int32Array(new SharedArrayBuffer(4));
    new Worker('const { workerData } = require("node:worker_threads"); Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0);' +
      'setTimeout(() => process.kill(process.pid, "SIGKILL"), 1000)', { eval: true, workerData: ready });
    Atomics.wait(ready, 0, 0);
    require('node:fs').writeSync(1, 'asleep\\n');
    process.dlopen({ exports: {} }, second);
    console.log('loaded');
    process.exit();`,
    { args: [binding()] },
  );
  t.is(exit.signal, 'SIGKILL', exit.stderr);
  t.is(exit.stdout, 'asleep\n');
});

/** Where the addon under test lies. */
function binding(): string {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
  return sharedObjects.find((path) => path.endsWith('.node'))!;
}
