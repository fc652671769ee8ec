// greenfiber/lowlevel: a blocking primitive that somebody else builds behaves as ours do.
import test from 'ava';
import { group, sleep, spawn, timeout } from 'greenfiber';
import { currentClock, Hold, Waiter, WaitQueue, type Breakable } from 'greenfiber/lowlevel';
import { snapshot } from 'greenfiber/inspect';
import { simulate } from 'greenfiber/testing';

class Latch {
  #open = false;
  readonly waiting = new WaitQueue();

  wait(): void {
    const waiter = Waiter.begin<undefined>('Latch.wait', this);
    if (!this.#open) waiter.parkIn(this.waiting);
  }

  open(): void {
    this.#open = true;
    this.waiting.wakeAll(undefined);
  }
}

test('everybody who sleeps in a queue is woken in the order in which they came', async (t) => {
  const passed: number[] = [];
  await spawn(() => {
    const latch = new Latch();
    group((tasks) => {
      for (const i of [0, 1, 2]) {
        tasks.spawn(() => {
          latch.wait();
          passed.push(i);
        });
      }
      sleep(1);
      latch.open();
    });
  });
  t.deepEqual(passed, [0, 1, 2]);
});

test('a timeout takes the task out of the queue, and reports name the sleep', async (t) => {
  await spawn(() => {
    const latch = new Latch();
    const sleeper = spawn(() => {
      t.throws(() => timeout(20, () => latch.wait()), { code: 'ERR_TIMEOUT' });
    });
    sleep(1);
    t.true(snapshot().tasks.some((task) => JSON.stringify(task).includes('Latch.wait')));
    sleeper.join();
    t.true(latch.waiting.isEmpty);
  });
});

test('outside of tasks a primitive refuses as ours do', (t) => {
  t.throws(() => new Latch().wait(), {
    code: 'ERR_FIBER_NOT_IN_FIBER',
    message: /^Latch\.wait blocks/,
  });
});

test('its timers are those of a simulation where there is one', async (t) => {
  await t.notThrowsAsync(
    simulate(
      () => {
        const clock = currentClock();
        const begin = clock.now();
        const waiter = Waiter.begin<number>('pause');
        const timer = clock.setTimer(3_600_000, () => waiter.wake(clock.now() - begin), true);
        const slept = waiter.park(() => timer.cancel());
        if (slept !== 3_600_000) throw new Error(`slept ${String(slept)} ms`);
      },
      { schedules: 3 },
    ),
  );
});

test('what a task holds is broken when it ends without giving it back', async (t) => {
  const broken: string[] = [];
  class Lease implements Breakable {
    readonly #hold = new Hold(this);
    take(task: ReturnType<typeof spawn>): void {
      this.#hold.take(task);
    }
    breakFor(owner: { name: string }): void {
      broken.push(owner.name);
    }
  }
  const task = spawn(
    () => {
      sleep(1);
    },
    { name: 'tenant' },
  );
  new Lease().take(task);
  await task;
  t.deepEqual(broken, ['tenant']);
});
