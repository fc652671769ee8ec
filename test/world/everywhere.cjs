// Preloaded (`node --require`) before a program that knows nothing of fibers: its main module, every `emit` and every
// callback of a timer or of `process.nextTick` runs in a fiber of its own, and every `assert.*` yields.
// With GREENFIBER_WORLD=plain the same functions are wrapped, and nothing else happens: what it is compared with.
'use strict';

const assert = require('node:assert');
const { AsyncResource } = require('node:async_hooks');
const { EventEmitter } = require('node:events');
const Module = require('node:module');
const timers = require('node:timers');

const isPlain = process.env.GREENFIBER_WORLD === 'plain';
const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;

/** Large enough for what runs on a main stack otherwise; and nothing of what a program may give every object. */
const OPTIONS = { __proto__: null, stackSize: 1 << 20 };

/** So often an `assert.*` yields each time; then, where a program has millions of them, seldom. */
const OFTEN = 10_000;

// Async hooks see a fiber as a resource; here they see one as well.
let inFiber = (run, self, args) => {
  const resource = new AsyncResource('Fiber', { requireManualDestroy: true });
  try {
    return resource.runInAsyncScope(run, self, ...args);
  } finally {
    resource.emitDestroy();
  }
};
let pause = () => undefined;

if (!isPlain) {
  const { Fiber } = require('greenfiber');
  const { putToSleep } = require('./sleepers.cjs');

  const { stir, isStirring } = putToSleep(200, Number(process.env.GREENFIBER_WORLD_SEED ?? 1));

  let pauses = 0;
  pause = () => {
    if (++pauses > OFTEN && pauses % 1000 !== 0) return;
    if (Fiber.isYieldable()) Fiber.yield();
    stir();
  };

  inFiber = (run, self, args) => {
    if (isStirring()) return apply(run, self, args);
    const fiber = new Fiber(() => apply(run, self, args), OPTIONS);
    let answer = fiber.resume();
    while (!fiber.done) {
      pause();
      answer = fiber.resume();
    }
    return answer;
  };
}

/** Makes `replacement` look like `original`: its name, its length, what `util.promisify` wants of it. */
function disguise(replacement, original) {
  for (const key of ownKeys(original)) {
    const descriptor = getOwnPropertyDescriptor(original, key);
    if (key !== 'prototype') defineProperty(replacement, key, descriptor);
  }
  return replacement;
}

const replace = (owner, name, make) => {
  owner[name] = disguise(make(owner[name]), owner[name]);
};

const inFiberLater = (callback) =>
  typeof callback === 'function'
    ? disguise(function later(...args) {
        return inFiber(callback, this, args);
      }, callback)
    : callback; // refused by whoever is given it

const takesCallback = (original) =>
  function takesCallback(callback, ...rest) {
    return apply(original, this, [inFiberLater(callback), ...rest]);
  };

replace(
  EventEmitter.prototype,
  'emit',
  (original) =>
    function emit(...args) {
      return inFiber(original, this, args);
    },
);
replace(process, 'nextTick', takesCallback);
for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
  replace(timers, name, takesCallback);
  globalThis[name] = timers[name];
}

for (const owner of [assert, assert.strict]) {
  for (const name of Object.keys(owner)) {
    if (typeof owner[name] !== 'function' || /^[A-Z]|^strict$/.test(name)) continue;
    replace(
      owner,
      name,
      (original) =>
        function check(...args) {
          pause();
          return apply(original, this, args);
        },
    );
  }
}

const load = Module._load;
Module._load = function loadMain(request, parent, isMain, ...rest) {
  if (!isMain) return apply(load, this, [request, parent, isMain, ...rest]);
  Module._load = load;
  return inFiber(load, this, [request, parent, isMain, ...rest]);
};
