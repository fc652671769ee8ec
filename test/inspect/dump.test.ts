import test from 'ava';
import { dumpOn } from 'greenfiber/inspect';

import { refused } from '../helpers/codes';
import { runChild } from '../helpers/child';

/** `dumped` is settled when something was written to stderr; the process lives as long as that takes. */
const UNTIL_DUMPED = `
    const alive = setInterval(() => {}, 1000);
    const write = process.stderr.write.bind(process.stderr);
    const dumped = new Promise((resolve) => {
      process.stderr.write = (text) => { write(text); clearInterval(alive); resolve(); };
    });`;

test('SIGUSR2 writes every task to stderr, and the program goes on', async (t) => {
  const child = await runChild(`
    const { spawn, wait } = require('greenfiber');
    const { dumpOn } = require('greenfiber/inspect');
    dumpOn();
    ${UNTIL_DUMPED}
    function errand() { wait(dumped); console.log('went on'); }
    spawn(() => [1].map(errand)).name = 'the errand';
    setTimeout(() => process.kill(process.pid, 'SIGUSR2'), 5);
  `);
  t.like(child, { code: 0, signal: null, stdout: 'went on\n' });
  t.regex(child.stderr, /greenfiber: 1 task and 0 other fibers in process \d+/);
  t.regex(child.stderr, /task 1 "the errand" \[parked\]: waits in wait on Promise\n +at errand/);
});

test('a dump can be had again and again, of another signal, and be taken back', async (t) => {
  const child = await runChild(`
    const { dumpOn } = require('greenfiber/inspect');
    require('greenfiber');
    const registration = dumpOn('SIGHUP');
    const send = () => process.kill(process.pid, 'SIGHUP');
    const write = process.stderr.write.bind(process.stderr);
    let dumps = 0;
    process.stderr.write = (text) => {
      write(text);
      if (++dumps === 2) {
        registration.dispose();
        registration.dispose();
      }
      setTimeout(send, 5);
    };
    setInterval(() => {}, 1000);
    send();
  `);
  t.is(child.stderr.match(/^greenfiber: 0 tasks/gm)?.length, 2);
  t.is(child.signal, 'SIGHUP');
});

test('waiting for a signal keeps no process alive', async (t) => {
  const child = await runChild(`
    require('greenfiber/inspect').dumpOn();
    console.log('end');
  `);
  t.like(child, { code: 0, signal: null, stdout: 'end\n', stderr: '' });
});

test('GREENFIBER_DEBUG=1 dumps on SIGUSR2 by itself', async (t) => {
  const child = await runChild(
    `
    const { spawn, wait } = require('greenfiber');
    ${UNTIL_DUMPED}
    spawn(() => wait(dumped)).name = 'sleeper';
    setTimeout(() => process.kill(process.pid, 'SIGUSR2'), 5);
  `,
    { env: { GREENFIBER_DEBUG: '1' } },
  );
  t.like(child, { code: 0, signal: null });
  t.regex(child.stderr, /"sleeper" \[parked, for [^]*spawned [\d.]+ ms ago in\n +at /);
});

test('a signal that does not exist or cannot be handled is refused', (t) => {
  for (const signal of ['SIGNAL', '', 'sigusr2', 'SIGKILL', 'SIGSTOP', 'SIGSEGV', 'toString']) {
    const error = refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => dumpOn(signal as never));
    t.regex(error!.message, /^signal must be the name of a signal/);
  }
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => dumpOn(12 as never));
});

test('a worker is told that no signal reaches it', async (t) => {
  const child = await runChild(`
    const { Worker } = require('node:worker_threads');
    const worker = new Worker(\`
      try { require('greenfiber/inspect').dumpOn(); } catch ({ code }) { console.log(code); }
    \`, { eval: true });
  `);
  t.like(child, { code: 0, stdout: 'ERR_FIBER_UNSUPPORTED\n' });
});
