// Optimised code calls some of Node's C++ functions without the frame that V8's stack walk begins at. A collection inside
// such a call took the caller for the top frame of every sleeping fiber.
import test from 'ava';

import { answerOf } from '../helpers/answer';

/** Public functions whose C++ half has a fast form in some supported release, with strings that have to be flattened. */
const calls = `
  const crypto = require('node:crypto'), fs = require('node:fs'), perf = require('node:perf_hooks'), zlib = require('node:zlib');
  const half = 'abcdefghijklmnopqrstuvwxyz'.repeat(40), bytes = Buffer.alloc(64), other = Buffer.alloc(64);
  const histogram = perf.createHistogram(), encoder = new TextEncoder();
  const noop = () => undefined;
  const calls = [
    (k) => Buffer.byteLength(half + k),
    (k) => bytes.write(half + k, 'latin1') + bytes.write(half + k, 'utf8') + bytes.write(half + k, 'ascii'),
    (k) => Buffer.compare(bytes, other) + bytes.copy(other, k & 7) + bytes.indexOf(k & 255) + bytes.fill(k & 255)[0],
    (k) => URL.canParse('http://example.com/' + half + k),
    () => performance.now() + process.hrtime()[1] + Number(process.hrtime.bigint()),
    () => crypto.timingSafeEqual(bytes, other),
    (k) => { histogram.record((k & 1023) + 1); return histogram.min; },
    (k) => encoder.encodeInto(half + k, bytes).written,
    (k) => fs.existsSync('/no/such/' + k) || (zlib.crc32?.(half + k) ?? 0),
    () => clearTimeout(setTimeout(noop, 1e6).unref().ref()),
    () => clearImmediate(setImmediate(noop).unref()),
    (k) => Buffer.isEncoding('utf' + k) || isNaN(performance.eventLoopUtilization().idle),
  ];
  const heat = (turns) => { for (const call of calls) for (let k = 0; k < turns; k++) call(k); };`;

/** Fibers that lose their objects if their frames are not visited, resumed between hot calls. */
const sleepers = `
  const { Fiber } = require('greenfiber');
  let lost = 0;
  const fibers = Array.from({ length: 50 }, (_, i) => new Fiber(() => {
    for (;;) {
      const kept = { i, text: 'x' + i, array: [i, i + 1] };
      Fiber.yield();
      if (kept.i !== i || kept.text !== 'x' + i || kept.array[1] !== i + 1) lost++;
    }
  }));
  const round = () => fibers.forEach((fiber) => fiber.resume());`;

const shown = 'console.log(JSON.stringify(lost));';

test('collections inside any function of Node with a fast form keep what sleeping fibers hold', async (t) => {
  const body = `for (let k = 0; k < 40; k++) { round(); heat(600); } round(); ${shown}`;
  t.is(await answerOf(t, calls + sleepers + body, { flags: ['--max-semi-space-size=1'] }), 0);
});

test('the same with a collection after every few hundred allocations', async (t) => {
  const body = `heat(300); for (let k = 0; k < 4; k++) { round(); heat(100); } round(); ${shown}`;
  t.is(await answerOf(t, calls + sleepers + body, { flags: ['--gc-interval=307'] }), 0);
});

test('code that was optimised before greenfiber was loaded is as safe', async (t) => {
  const body = `${calls}
    for (let k = 0; k < 40; k++) heat(600);
    ${sleepers}
    for (let k = 0; k < 40; k++) { round(); heat(600); } round(); ${shown}`;
  t.is(await answerOf(t, body, { flags: ['--max-semi-space-size=1'] }), 0);
});

test('tasks survive what an HTTP server does: the byte length of concatenated strings, in optimised code', async (t) => {
  const body = `
    const { spawn, wait } = require('greenfiber');
    let wakes = [], lost = 0, rounds = 0;
    for (let i = 0; i < 200; i++) {
      spawn(() => {
        for (;;) {
          const kept = { i, text: 'id' + i };
          wait(new Promise((resolve) => wakes.push(resolve)));
          if (kept.i !== i || kept.text !== 'id' + i) lost++;
        }
      }).unref();
    }
    const page = (k) => '{"value":"' + 'x'.repeat(20) + k + '","more":"' + k + '"}';
    setImmediate(function turn() {
      const waking = wakes;
      wakes = [];
      for (const wake of waking) wake();
      for (let k = 0; k < 20_000; k++) Buffer.byteLength(page(k));
      if (++rounds < 60) setImmediate(turn);
      else { console.log(JSON.stringify(lost)); process.exit(); }
    });`;
  t.is(await answerOf(t, body), 0);
});

test("loading greenfiber leaves V8's code caches valid", async (t) => {
  const body = `
    const v8 = require('node:v8'), before = v8.cachedDataVersionTag();
    require('greenfiber');
    console.log(v8.cachedDataVersionTag() === before);`;
  t.true(await answerOf(t, body));
});
