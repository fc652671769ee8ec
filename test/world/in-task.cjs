// Preloaded (`node --require`) before a program of test/world/programs: its main module runs in a task, beside 200
// fibers asleep in built-ins. With GREENFIBER_WORLD=plain it runs as it always does.
'use strict';

const Module = require('node:module');

const { isPlain, stir } = require('./blocking.cjs');

if (!isPlain) {
  const { configure, spawn } = require('greenfiber');

  // Compilers recurse.
  configure({ stackSize: 1 << 20 });
  setInterval(stir, 1).unref();

  const load = Module._load;
  Module._load = function loadMain(request, parent, isMain, ...rest) {
    if (!isMain) return Reflect.apply(load, this, [request, parent, isMain, ...rest]);
    Module._load = load;
    spawn(() => Reflect.apply(load, this, [request, parent, isMain, ...rest]));
  };
}
