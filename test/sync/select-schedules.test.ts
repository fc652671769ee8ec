// Selects under many schedules, with cancellation.
import test from 'ava';
import { Channel, group, select, spawn, yieldNow } from 'greenfiber';
import { simulate } from 'greenfiber/testing';

/** Selects that send and receive, some of which are cancelled anywhere. */
function tumult(): void {
  const channels = [new Channel<number>(), new Channel<number>(1)];
  const sent: number[] = [];
  const unsent: number[] = [];
  const received: number[] = [];
  const [a, b] = channels as [Channel<number>, Channel<number>];
  const senders = [0, 1, 2].map((sender) =>
    spawn(() => {
      for (let i = 0; i < 3; i++) {
        const value = 10 * sender + i;
        try {
          select([
            { send: a, value },
            { send: b, value },
          ]);
        } catch (error) {
          unsent.push(value);
          throw error;
        }
        sent.push(value);
      }
    }),
  );
  const stop = new AbortController();
  const receivers = [0, 1].map(() =>
    spawn(() => {
      for (;;) {
        const chosen = select([{ receive: a }, { receive: b }, { aborted: stop.signal }]);
        if (chosen.index === 2) break;
        if (!chosen.value.done) received.push(chosen.value.value);
      }
    }),
  );
  const tasks = [...senders, ...receivers];
  tasks.forEach((task) => void task.then(undefined, () => undefined));
  spawn(() => {
    for (const task of [senders[0], receivers[1]]) {
      yieldNow();
      task?.cancel();
    }
  }).join();
  while (senders.some((task) => !task.done)) yieldNow();
  stop.abort();
  while (receivers.some((task) => !task.done)) yieldNow();
  const left = channels.flatMap((channel) => {
    const next = channel.tryReceive();
    return next?.done === false ? [next.value] : [];
  });
  const arrived = [...received, ...left].sort((x, y) => x - y);
  if (arrived.join() !== sent.sort((x, y) => x - y).join()) {
    throw new Error(`sent ${sent.join()}, arrived ${arrived.join()}, not sent ${unsent.join()}`);
  }
}

test('under 3,000 schedules, with random cancellation, selects neither lose nor double an item', async (t) => {
  const report = await simulate(tumult, { seed: 11, schedules: 3000 });
  t.is(report.schedules, 3000);
});

test('a request with a timeout and a stop signal, in a group, ends in every schedule', async (t) => {
  await simulate(
    () => {
      const requests = new Channel<number>();
      const answers = new Channel<number>();
      const stop = new AbortController();
      group((g) => {
        g.spawn(() => {
          for (;;) {
            const chosen = select([{ receive: requests }, { aborted: stop.signal }]);
            if (chosen.index === 1 || chosen.value.done) return;
            const { value } = chosen.value;
            select([{ send: answers, value: value * 2 }, { after: 10 }]);
          }
        });
        for (let i = 0; i < 3; i++) {
          const sent = select([{ send: requests, value: i }, { after: 1000 }]);
          t.is(sent.index, 0);
          if (i !== 1) t.is(answers.receive().value, i * 2);
        }
        stop.abort();
      });
    },
    { schedules: 300 },
  );
});
