// What the programs use to block: with GREENFIBER_WORLD=plain each function answers at once.
'use strict';

const isPlain = process.env.GREENFIBER_WORLD === 'plain';

/** So often `pause` blocks each time; then, where a program calls it a million times, seldom. */
const OFTEN = 2000;

/** Blocks the running task for a moment and answers `value`. */
let pause = (value) => value;

/** `fn` as a function that answers a promise, and in which `pause` may be called. */
let blocking =
  (fn) =>
  async (...args) =>
    fn(...args);

let stir = () => undefined;

if (!isPlain) {
  const { fiberize, sleep, yieldNow } = require('greenfiber');
  const { putToSleep } = require('./sleepers.cjs');

  ({ stir } = putToSleep(200, Number(process.env.GREENFIBER_WORLD_SEED ?? 1)));
  blocking = fiberize;

  let pauses = 0;
  pause = (value) => {
    pauses++;
    if (pauses > OFTEN && pauses % 1000 !== 0) return value;
    if (pauses % 10 === 0) sleep(1);
    else yieldNow();
    stir();
    return value;
  };
}

module.exports = { blocking, isPlain, pause, stir };
