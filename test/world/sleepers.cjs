// Fibers asleep in every built-in that a fiber can sleep in, some of which go on now and then. They do the program
// around them no good and must do it no harm.
'use strict';

const { Fiber } = require('greenfiber');
const { random: randomFrom } = require('../../dist/base/random');
const { builtIns } = require('../../dist-test/helpers/built-ins');
const { swallowing } = require('../../dist-test/helpers/swallowing');

// Ours, whatever the program does to its own.
const { floor, log } = Math;

const ask = (value) => (Fiber.yield(), value);
const never = () => {
  for (;;) Fiber.yield();
};

function works(body) {
  try {
    body((value) => value);
    return true;
  } catch {
    return false; // forbidden in this process, as `eval` is by --disallow-code-generation-from-strings
  }
}

const bodies = Object.values(builtIns).filter(works);

/**
 * Puts `count` fibers to sleep. Answers `stir`, which wakes some of them, and now and then collects garbage, when it
 * is called (with --expose-gc), and `isStirring`, whether one of them runs. No fiber is made later, and no promise: async hooks of the program would see it.
 */
function putToSleep(count, seed) {
  const random = randomFrom(seed); // the program's own `Math.random` is left alone
  const { gc } = globalThis;
  let isStirring = true;

  const forEver = Object.values(swallowing).map((body) => () => body(never));
  const inTurn = Array.from({ length: count - forEver.length }, (_, place) => () => {
    for (let next = place; ; next++) {
      try {
        bodies[next % bodies.length](ask);
      } catch {
        Fiber.yield(); // the program has taken away what that one needs
      }
    }
  });
  const asleep = [...forEver, ...inTurn].map((body) => {
    const fiber = new Fiber(body, { name: 'sleeper' });
    fiber.resume();
    return fiber;
  });
  isStirring = false;

  function stir() {
    // What a sleeper does may be what calls this: `emit`, or a queue that it fills.
    if (isStirring) return;
    isStirring = true;
    try {
      for (let wake = floor(-log(1 - random()) * 2); wake > 0; wake--) {
        asleep[floor(random() * count)].resume();
      }
      const chance = random();
      if (chance < 0.002) gc?.();
      else if (chance < 0.02) gc?.({ type: 'minor' });
    } finally {
      isStirring = false;
    }
  }
  return { stir, isStirring: () => isStirring };
}

module.exports = { putToSleep };
