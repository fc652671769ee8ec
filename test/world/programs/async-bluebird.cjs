// Libraries of asynchronous control flow whose workers block.
'use strict';

const async = require('async');
const Bluebird = require('bluebird');

const { blocking, pause } = require('../blocking.cjs');

Bluebird.config({ longStackTraces: true, cancellation: true });

const numbers = Array.from({ length: 60 }, (_, i) => i);
const square = blocking((x) => pause(x) * pause(x));
const worker = (x, done) => {
  square(x).then((result) => done(null, result), done);
};
const collect = blocking(() => {
  const order = [];
  numbers.forEach((x) => order.push([x, pause(x) % 7]));
  return order.sort((a, b) => pause(a[1] - b[1]) || a[0] - b[0]).join(' ');
});

async function ofAsync() {
  const queue = async.queue(worker, 3);
  const queued = [];
  for (const x of numbers) queue.push(x, (_error, result) => queued.push(result));
  await queue.drain();
  return [
    await async.mapLimit(numbers, 5, worker),
    queued.sort((a, b) => a - b),
    await async.auto({ a: async () => square(3), b: ['a', async ({ a }) => square(a)] }),
    await async.reduce(numbers, 0, async (sum, x) => sum + (await square(x))),
  ];
}

async function ofBluebird() {
  const walk = Bluebird.coroutine(function* (limit) {
    let sum = 0;
    for (let x = 0; x < limit; x++) sum += yield Bluebird.resolve(square(x));
    return sum;
  });
  const failed = await Bluebird.map(numbers, (x) =>
    x === 30 ? Bluebird.reject(new TypeError('thirty')) : square(x),
  ).catch(TypeError, (error) => error.message);
  return [
    await walk(40),
    await Bluebird.map(numbers, square, { concurrency: 4 }),
    await Bluebird.mapSeries(numbers, square),
    failed,
    await Bluebird.join(square(1), square(2), (a, b) => a + b),
  ];
}

Promise.all([ofAsync(), ofBluebird(), collect()]).then((results) =>
  console.log(JSON.stringify(results)),
);
