/* eslint-disable @typescript-eslint/no-misused-promises --
   on purpose: async functions in odd places */
/** What the process waits for follows the task, also while it sleeps; and deadlock reports are right. */
import test from 'ava';

import { runChild, type Program } from '../helpers/child';
import { kernelLibrary } from '../helpers/offload-library';

const GIVEN_UP: Record<string, Program> = {
  'a sleep': ({ spawn, sleep }) => {
    const task = spawn(() => sleep(60_000));
    setTimeout(() => task.unref(), 20);
  },
  'a select': ({ spawn, select }) => {
    const task = spawn(() => select([{ after: 60_000 }]));
    setTimeout(() => task.unref(), 20);
  },
  'a timeout around a wait': ({ spawn, timeout, wait }) => {
    const task = spawn(() => timeout(60_000, () => wait(new Promise(() => undefined))));
    setTimeout(() => task.unref(), 20);
  },
  'a group whose members sleep': ({ spawn, sleep, group }) => {
    const task = spawn(() =>
      group((g) => {
        g.spawn(() => sleep(60_000));
      }),
    );
    setTimeout(() => task.unref(), 20);
  },
  'a listener and a connection': ({ spawn }) => {
    const { listen, connect } = require('greenfiber/io') as typeof import('greenfiber/io');
    const tasks: { unref(): unknown }[] = [
      spawn(() => {
        const listener = listen(0, '127.0.0.1');
        const client = spawn(() => connect(listener.port, '127.0.0.1').read());
        tasks.push(client);
        const accepted = listener.accept();
        tasks.push(spawn(() => accepted?.read()));
        listener.accept();
      }),
    ];
    setTimeout(() => {
      for (const task of tasks) task.unref();
    }, 300);
  },
};

for (const [what, program] of Object.entries(GIVEN_UP)) {
  test(`unref ends a process that waits for ${what}`, async (t) => {
    const { code, signal, stderr } = await runChild(program, { timeout: 30_000 });
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  });
}

test('an offloaded call of a task in the background keeps no process alive', async (t) => {
  const program = `
    const { spawn } = require('greenfiber');
    const { Offload } = require('greenfiber/offload');
    const arith = new Offload({ threads: 1 }).load(${JSON.stringify(kernelLibrary())}).fn('arith');
    const task = spawn(() => {
      for (;;) arith(new Int32Array(1024), 1e6);
    });
    setTimeout(() => task.unref(), 50);
    process.on('exit', () => console.log('ended'));`;
  const { stdout, signal } = await runChild(program, { timeout: 30_000 });
  t.deepEqual({ stdout, signal }, { stdout: 'ended\n', signal: null });
});

test('ref takes it back, also while the task sleeps', async (t) => {
  const { stdout } = await runChild(({ spawn, sleep, timeout, wait }) => {
    const task = spawn(() => {
      sleep(200);
      console.log('slept');
    }).unref();
    const limited = spawn(() => {
      try {
        timeout(250, () => wait(new Promise(() => undefined)));
      } catch {
        console.log('ran out');
      }
    }).unref();
    setTimeout(() => {
      task.ref();
      limited.ref();
    }, 20);
  });
  t.is(stdout, 'slept\nran out\n');
});

test('a timer of Node that keeps no process alive is waited for by the task that it will wake', async (t) => {
  const { code, stdout, stderr } = await runChild(({ spawn, select, wait }) => {
    const later = new Promise((resolve) => setTimeout(resolve, 100, 'promise').unref());
    spawn(() => {
      console.log(select([{ aborted: AbortSignal.timeout(50) }]).index);
      console.log(wait(later));
    });
  });
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '0\npromise\n', stderr: '' });
});

test('a deadlock is reported in spite of a timer that goes off for ever', async (t) => {
  const { code, stderr } = await runChild(({ spawn, wait }) => {
    setInterval(() => undefined, 20).unref();
    spawn(() => wait(new Promise(() => undefined)));
  });
  t.is(code, 13);
  t.regex(stderr, /deadlock/);
});
