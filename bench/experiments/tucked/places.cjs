// From which places a sleeper can be tucked, and that it survives collections of both kinds there:
//
//   node --expose-gc bench/experiments/tucked/places.cjs
'use strict';

process.env.GREENFIBER_BINDING = require.resolve('./binding.cjs');
process.env.GREENFIBER_TUCK = '0';
process.env.GREENFIBER_ENGINE = 'direct';
const { AsyncLocalStorage } = require('node:async_hooks');
const EventEmitter = require('node:events');
const { Fiber } = require('../../..');
const addon = require('./binding.cjs');

const FORBIDDEN = 2;
const sleep = () => Fiber.yield('asleep');

class Asleep {
  constructor() {
    this.value = sleep();
  }
  get property() {
    return sleep();
  }
  *generator() {
    yield sleep();
  }
}

const places = {
  'a plain call': () => sleep(),
  'try and finally': () => {
    try {
      sleep();
    } finally {
      gc({ type: 'minor' });
    }
  },
  'Function.prototype.call': () => sleep.call(undefined),
  'a bound function': () => sleep.bind(undefined)(),
  'Reflect.apply': () => Reflect.apply(sleep, undefined, []),
  'a constructor': () => new Asleep(),
  'Reflect.construct': () => Reflect.construct(Asleep, []),
  'a getter': () => Asleep.prototype.property,
  'a generator': () => [...Asleep.prototype.generator()],
  'an async function': () => void (async () => sleep())().catch(() => {}),
  'a promise executor': () => new Promise(sleep).catch(() => {}),
  'an iterator': () => [
    ...{ [Symbol.iterator]: () => ({ next: () => (sleep(), { done: true }) }) },
  ],
  'Array.prototype.map': () => [1, 2].map(sleep),
  'Array.prototype.forEach': () => [1].forEach(sleep),
  'Array.prototype.reduce': () => [1, 2].reduce(sleep),
  'Array.prototype.sort': () => [2, 1].sort(sleep),
  'Array.prototype.flatMap': () => [1].flatMap(sleep),
  'Array.from': () => Array.from([1], sleep),
  'Map.prototype.forEach': () => new Map([[1, 2]]).forEach(sleep),
  'typed arrays': () => new Uint8Array([2, 1]).sort(sleep),
  valueOf: () => 1 + { valueOf: sleep },
  toString: () => `${{ toString: sleep }}`,
  'Symbol.hasInstance': () => ({}) instanceof { [Symbol.hasInstance]: sleep },
  'a proxy': () => new Proxy({}, { get: sleep }).property,
  eval: () => (0, eval)('(sleep) => sleep()')(sleep),
  'EventEmitter.emit': () => new EventEmitter().on('event', sleep).emit('event'),
  'AsyncLocalStorage.run': () => new AsyncLocalStorage().run(1, sleep),
  'String.prototype.replace with a string': () => 'a'.replace('a', sleep),
  'String.prototype.replace with an expression': () => 'a'.replace(/a/, sleep),
  'JSON.parse': () => JSON.parse('[1]', sleep),
  'JSON.stringify': () => JSON.stringify({ toJSON: sleep }),
  'Object.assign from a proxy': () => Object.assign({}, new Proxy({ a: 1 }, { get: sleep })),
};

for (const [name, body] of Object.entries(places)) {
  const held = { name };
  const fiber = new Fiber(() => {
    body();
    return held;
  });
  fiber.resume();
  const before = addon.tuckStats();
  addon.tuckAll(FORBIDDEN);
  const after = addon.tuckStats();
  for (let i = 0; i < 3; i++) gc({ type: 'minor' });
  gc();
  const tucked = after.tucks > before.tucks;
  const bytes = tucked ? `a block of ${after.blocks - before.blocks} bytes` : 'refused';
  console.log(`${name}: ${bytes}`);
  while (!fiber.done) {
    if (fiber.resume('') === held && held.name !== name) throw new Error(name);
  }
}
