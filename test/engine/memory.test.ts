import test from 'ava';

import { Fiber, stats } from 'greenfiber';

import { runChild } from '../helpers/child';

test('stacks of finished fibers are given back while nobody needs them', async (t) => {
  const fibers = Array.from({ length: 200 }, () => new Fiber(() => Fiber.yield()));
  for (const fiber of fibers) fiber.resume();
  for (const fiber of fibers) fiber.resume();
  const idle = (): number => stats().parked + stats().stacks.warm;
  const before = idle();
  t.true(before > 100);
  for (let second = 0; second < 20 && idle() >= before / 2; second++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  t.true(idle() < before / 2, `${String(before)} then ${String(idle())}`);
});

const reservedWith = (asked: string): Promise<unknown> =>
  runChild('console.log(require("greenfiber").stats().stacks.reservedBytes)', {
    env: { GREENFIBER_RESERVATION: asked },
  });

test('GREENFIBER_RESERVATION says how much address space is reserved for stacks', async (t) => {
  t.like(await reservedWith('4294967296'), { code: 0, stdout: '4294967296\n' });
});

for (const asked of ['1073741823', '4 GiB', '-1', '1e300']) {
  test(`GREENFIBER_RESERVATION=${asked} is refused with what it has to be`, async (t) => {
    const { code, stderr } = (await reservedWith(asked)) as { code: number; stderr: string };
    t.is(code, 1);
    t.regex(stderr, /GREENFIBER_RESERVATION must be a number of bytes, 1073741824 at least/);
    t.regex(stderr, /ERR_FIBER_INVALID_ARG_VALUE/);
  });
}

test('giving stacks back keeps no process alive', async (t) => {
  const child = await runChild(`
    const { Fiber } = require('greenfiber');
    const fibers = Array.from({ length: 100 }, () => new Fiber(() => Fiber.yield()));
    for (const fiber of fibers) fiber.resume();
    for (const fiber of fibers) fiber.resume();
    const started = Date.now();
    process.on('exit', () => console.log(Date.now() - started));
  `);
  t.is(child.code, 0);
  t.true(Number(child.stdout) < 900);
});

test('GREENFIBER_DEBUG=1 reports the fibers that were still suspended at exit', async (t) => {
  const source = `
    const { Fiber } = require('greenfiber');
    function waitsForNothing() { Fiber.yield(); }
    function makesIt() { return new Fiber(waitsForNothing, { name: 'the lost one' }); }
    const lost = makesIt();
    lost.resume();
    const done = new Fiber(() => Fiber.yield());
    done.resume();
    done.resume();
  `;
  const loud = await runChild(source, { env: { GREENFIBER_DEBUG: '1' } });
  t.is(loud.code, 0);
  t.regex(loud.stderr, /0 tasks and 1 fiber were still suspended at exit/);
  t.regex(loud.stderr, /"the lost one" \[suspended\]:\n\s+at waitsForNothing/);
  t.regex(loud.stderr, /created [\d.]+ ms ago in\n +at makesIt/);
  const quiet = await runChild(source);
  t.is(quiet.stderr, '');
});
