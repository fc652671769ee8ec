// Many fibers in the middle of as many different things as there are, resumed in a random order while the
// collector runs. Ends with an error or a crash if anything got mixed up.
//
//   node --expose-gc interleave.cjs <seconds> [fibers] [seed]
'use strict';

const vm = require('node:vm');

const { Fiber, engine } = require('greenfiber');

const seconds = Number(process.argv[2] ?? 2);
const count = Number(process.argv[3] ?? 100);
let seed = Number(process.argv[4] ?? 12345);

function random(below) {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return (seed >> 8) % below;
}

function same(actual, expected) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a} instead of ${b}`);
}

const pause = () => Fiber.yield('paused');
const deep = (level) => (level === 0 ? pause() : [deep(level - 1)]);
const contexts = [1, 2, 3].map(() => vm.createContext({ pause }));

const wasmBytes = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 2, 6, 1, 0, 1, 102, 0, 0, 3, 2, 1, 0, 7,
  5, 1, 1, 103, 0, 1, 10, 11, 1, 9, 0, 32, 0, 16, 0, 65, 1, 106, 11,
]);
// Not there under --jitless on Node 20 and 22.
const wasmApi = globalThis.WebAssembly;
const wasm =
  typeof wasmApi === 'object'
    ? new wasmApi.Instance(new wasmApi.Module(wasmBytes), {
        '': { f: (x) => (pause(), x * 2) },
      }).exports.g
    : (x) => (pause(), x * 2 + 1);

const work = [
  function sort() {
    const sorted = [5, 3, 9, 1, 7, 2].sort((a, b) => (pause(), a - b));
    same(sorted, [1, 2, 3, 5, 7, 9]);
  },
  function stringify(id) {
    const text = JSON.stringify({ a: 1, b: [2, { toJSON: () => (pause(), `x${id}`) }] });
    same(text, `{"a":1,"b":[2,"x${id}"]}`);
  },
  function replace(id) {
    same(
      'a-b'.replace(/[ab]/g, (letter) => (pause(), letter + id)),
      `a${id}-b${id}`,
    );
  },
  function throws(id) {
    try {
      deep(random(100));
      throw new Error(`thrown ${id}`);
    } catch (error) {
      pause();
      same(error.message, `thrown ${id}`);
    } finally {
      pause();
    }
  },
  function raised(id) {
    let caught;
    try {
      same(Fiber.yield('raise'), 'never');
    } catch (error) {
      caught = error.message;
      pause();
    }
    same(caught, `raised ${id}`);
  },
  function allocates(id) {
    const kept = [];
    for (let i = 0; i < 500; i++) kept.push({ i, id, text: `${id}:${i}` });
    pause();
    for (const { i, id: own, text } of kept)
      if (own !== id || text !== `${id}:${i}`) same(text, id);
  },
  function compiles(id) {
    const compiled = new Function('id', 'pause', `pause(); return id + ${id} /* ${random(50)} */`);
    same(compiled(id, pause), 2 * id);
  },
  function generator() {
    function* three() {
      for (let i = 0; i < 3; i++) {
        pause();
        yield i;
      }
    }
    same([...three()], [0, 1, 2]);
  },
  function proxy(id) {
    const proxy = new Proxy({}, { get: (_, key) => (pause(), `${String(key)}${id}`) });
    same([proxy.foo, Reflect.get(proxy, 'bar')], [`foo${id}`, `bar${id}`]);
  },
  function concatenates(id) {
    const list = [{ id }, { id }];
    const middle = { length: 1, [Symbol.isConcatSpreadable]: true };
    Object.defineProperty(middle, 0, { get: () => (pause(), id) });
    same([].concat(list, middle, list), [...list, id, ...list]);
  },
  function shifts(id) {
    const queue = Array.from({ length: 60 }, (_, i) => i + id);
    queue.forEach((value, i) => {
      if (i % 10 === 0) pause();
      if (i < 30) queue.shift();
    });
    same(queue[0], id + 30);
  },
  function otherContext(id) {
    const context = contexts[id % contexts.length];
    same(
      vm.runInContext(
        `(() => { pause(); return [1, 2].map((x) => (pause(), x * ${id})) })()`,
        context,
      ),
      [id, 2 * id],
    );
  },
  function webAssembly(id) {
    same(wasm(id), 2 * id + 1);
  },
  function nested(id) {
    const inner = new Fiber((first) => [first, pause(), pause()]);
    inner.resume(id);
    pause();
    inner.resume('a');
    pause();
    same(inner.resume('b'), [id, 'a', 'b']);
  },
  function abandoned(id) {
    const inner = new Fiber(() => {
      try {
        pause();
      } finally {
        id++;
      }
    });
    inner.resume();
    const before = id;
    pause();
    inner.return();
    same(id, before + 1);
  },
  function numbers(id) {
    // Optimised code that holds doubles and integers in registers across a yield.
    let sum = 0;
    for (let i = 0; i < 300; i++) {
      sum += Math.sqrt(i) * id;
      if (i % 100 === 0) pause();
    }
    let expected = 0;
    for (let i = 0; i < 300; i++) expected += Math.sqrt(i) * id;
    same(sum, expected);
  },
  function overflows() {
    const recurse = () => recurse() + 1;
    try {
      recurse();
    } catch (error) {
      pause();
      same(error.name, 'RangeError');
    }
  },
  function collects() {
    const kind = random(40);
    if (kind === 0) gc();
    else if (kind < 4) gc({ type: 'minor' });
    pause();
  },
];

function body(id) {
  for (let i = 0; i < 20; i++) work[random(work.length)](id);
  return 'done';
}

const end = Date.now() + seconds * 1000;
let switches = 0;
let finished = 0;
let next = 0;
let live = [];

function start() {
  const id = next++ % 1000;
  live.push({ id, fiber: new Fiber(() => body(id)), answer: undefined });
}

for (let i = 0; i < count; i++) start();
while (live.length > 0) {
  const at = random(live.length);
  const one = live[at];
  switches++;
  one.answer =
    one.answer === 'raise' ? one.fiber.throw(new Error(`raised ${one.id}`)) : one.fiber.resume();
  if (!one.fiber.done) continue;
  same(one.answer, 'done');
  finished++;
  live[at] = live.at(-1);
  live.pop();
  if (Date.now() < end) start();
}
console.log(`${finished} fibers, ${switches} switches, ${engine} engine`);
