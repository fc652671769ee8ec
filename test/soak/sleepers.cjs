// Thousands of tasks asleep in built-ins, of which a few wake in every second.
'use strict';

const { group, sleep, spawn } = require('greenfiber');
const { builtIns } = require('../../dist-test/helpers/built-ins');

const bodies = Object.values(builtIns);

function sleeps(number, most) {
  const ask = (value) => (sleep(Math.random() * most), value);
  for (let next = number; ; next++) bodies[next % bodies.length](ask);
}

/** Answers the task that they all belong to: cancel it, and they end. Each sleeps at most so many ms at a time. */
exports.putToSleep = (count, most) =>
  spawn(() =>
    group((g) => Array.from({ length: count }, (_, i) => g.spawn(() => sleeps(i, most)))),
  );
