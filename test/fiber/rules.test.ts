// The table of docs/api.md, "Who waits for whom": each cell is tried.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';
import { effect, Fiber, handle, on, spawn, type MainStack } from 'greenfiber';

type Operate = (target: Fiber | MainStack) => void;

const transferredAway = (): Fiber => {
  const fiber = new Fiber(() => Fiber.main.transfer());
  fiber.transfer();
  return fiber;
};

/** Brings a fiber, or the main stack, to where the first cell of a row says that it is. */
const rows: Record<string, (operate: Operate) => unknown> = {
  'has not started': (operate) => operate(new Fiber(() => 1)),
  'is the caller': (operate) => {
    const fiber: Fiber = new Fiber(() => operate(fiber));
    fiber.resume();
  },
  'waits for the caller, directly or not': (operate) => {
    const outer: Fiber = new Fiber(() => middle.resume());
    const middle: Fiber = new Fiber(() => new Fiber(() => operate(outer)).resume());
    outer.resume();
  },
  'waits for a fiber that is away': (operate) => {
    const tip = new Fiber(() => Fiber.main.transfer());
    const fiber = new Fiber(() => tip.resume());
    fiber.transfer();
    operate(fiber);
    fiber.return();
  },
  'has yielded': (operate) => {
    const fiber = new Fiber(() => Fiber.yield());
    fiber.resume();
    operate(fiber);
    fiber.return();
  },
  'is away': (operate) => {
    const fiber = transferredAway();
    operate(fiber);
    fiber.return();
  },
  'has ended': (operate) => {
    const fiber = new Fiber(() => 1);
    fiber.resume();
    operate(fiber);
  },
  'sleeps within a task, or continuation': (operate) => {
    const Ask = effect<void, void>('Ask');
    const fiber = new Fiber(() => Ask.perform());
    const clause = on(Ask, (_, k) => {
      operate(fiber);
      return k.resume();
    });
    handle(() => fiber.resume(), clause);
  },
  "is a task's own, and away": (operate) =>
    spawn(() => {
      const own = Fiber.current!;
      new Fiber(() => operate(own)).transfer();
    }),
  'is the main stack, which waits': (operate) => new Fiber(() => operate(Fiber.main)).resume(),
  'is the main stack, which is away': (operate) => new Fiber(() => operate(Fiber.main)).transfer(),
};

const OPERATIONS = ['resume', 'throw', 'return', 'transfer'] as const;

/** The cells of each row, by its first. */
function table(): Map<string, string[]> {
  const text = readFileSync(join(__dirname, '../../docs/api.md'), 'utf8');
  const [, ...lines] = text
    .slice(text.indexOf('| the fiber '))
    .split('\n\n', 1)[0]!
    .split('\n')
    .slice(1);
  return new Map(
    lines.map((line) => {
      const [row = '', ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [row, cells];
    }),
  );
}

test('every row of the table is tried', (t) => {
  t.deepEqual([...table().keys()], Object.keys(rows));
});

for (const [row, cells] of table()) {
  OPERATIONS.forEach((operation, i) => {
    const cell = cells[i] ?? '';
    if (cell === '') return;
    test(`a fiber that ${row}, ${operation}: ${cell}`, async (t) => {
      const error = new Error('raised');
      let seen: unknown = 'nothing';
      await rows[row]!((target) => {
        try {
          (target as Fiber)[operation](operation === 'throw' ? error : undefined);
        } catch (caught) {
          seen = caught === error ? 'the error' : (caught as { code: unknown }).code;
        }
      });
      const code = cell.includes('FiberKilled')
        ? 'ERR_FIBER_KILLED'
        : /ERR_FIBER_\w+/.exec(cell)?.[0];
      t.is(seen, code ?? (operation === 'throw' ? 'the error' : 'nothing'));
    });
  });
}
