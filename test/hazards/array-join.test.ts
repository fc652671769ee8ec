// Array.prototype.join and toLocaleString keep a stack of the arrays being joined, to stop at cycles. Every
// fiber has one of its own.
import test from 'ava';

import { answerOf } from '../helpers/answer';

test('the same array can be joined in two fibers at a time', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const array = [{ toString: () => Fiber.yield('asleep') ?? 'x' }, 2];
    const fibers = [1, 2].map(() => new Fiber(() => array.join()));
    const first = fibers.map((fiber) => fiber.resume());
    const second = fibers.map((fiber) => fiber.resume());
    console.log(JSON.stringify([first, second]));
  });
  t.deepEqual(answer, [
    ['asleep', 'asleep'],
    ['x,2', 'x,2'],
  ]);
});

test('the main stack can join an array that a fiber is asleep in', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const array = [{ toString: () => (Fiber.current ? (Fiber.yield() ?? 'fiber') : 'main') }, 2];
    const fiber = new Fiber(() => String(array));
    fiber.resume();
    console.log(JSON.stringify([String(array), fiber.resume(), String(array)]));
  });
  t.deepEqual(answer, ['main,2', 'fiber,2', 'main,2']);
});

test('joins of many fibers may end in any order', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const fibers = Array.from(
      { length: 20 },
      (_, i) => new Fiber(() => [[{ toString: () => Fiber.yield() ?? `x${i}` }, 2], 3].join(';')),
    );
    for (const fiber of fibers) fiber.resume();
    gc!();
    const odd = fibers.filter((_, i) => i % 2 === 1).map((fiber) => fiber.resume());
    const even = fibers.filter((_, i) => i % 2 === 0).map((fiber) => fiber.resume());
    console.log(JSON.stringify([...odd, ...even]));
  });
  const order = [
    ...Array.from({ length: 10 }, (_, i) => 2 * i + 1),
    ...Array.from({ length: 10 }, (_, i) => 2 * i),
  ];
  t.deepEqual(
    answer,
    order.map((i) => `x${i},2;3`),
  );
});

test('toLocaleString of arrays and typed arrays can yield in several fibers', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const fibers = [1, 2, 3].map(
      (i) =>
        new Fiber(() => [{ toLocaleString: () => Fiber.yield() ?? `l${i}` }, [i]].toLocaleString()),
    );
    for (let turn = 0; turn < 1; turn++) for (const fiber of fibers) fiber.resume();
    console.log(JSON.stringify(fibers.map((fiber) => fiber.resume())));
  });
  t.deepEqual(answer, ['l1,1', 'l2,2', 'l3,3']);
});

test('a cycle is still found inside a fiber, before and after a yield', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const cyclic = (): unknown[] => {
      const array: unknown[] = [1, { toString: () => Fiber.yield() ?? 'x' }];
      array.push(array, [array]);
      return array;
    };
    const fibers = [new Fiber(() => cyclic().join()), new Fiber(() => cyclic().join())];
    for (const fiber of fibers) fiber.resume();
    console.log(JSON.stringify(fibers.map((fiber) => fiber.resume())));
  });
  t.deepEqual(answer, ['1,x,,', '1,x,,']);
});

test('an error thrown in a join, and a join that return() unwinds, leave no trace', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const array = [{ toString: () => Fiber.yield('asleep') ?? 'x' }];
    const thrown = new Fiber(() => {
      try {
        return array.join();
      } catch (error) {
        return (error as Error).message;
      }
    });
    const unwound = new Fiber(() => array.join());
    thrown.resume();
    unwound.resume();
    const message = thrown.throw(new Error('thrown'));
    unwound.return();
    const again = new Fiber(() => array.join());
    console.log(JSON.stringify([message, again.resume(), again.resume()]));
  });
  t.deepEqual(answer, ['thrown', 'asleep', 'x']);
});

test('a vm timeout on the main stack does not spoil a join that a fiber is asleep in', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const fibers = [1, 2].map(
      (i) => new Fiber(() => [{ toString: () => Fiber.yield() ?? `x${i}` }, 2].join()),
    );
    for (const fiber of fibers) fiber.resume();
    let code: unknown;
    try {
      vm.runInThisContext('[{ toString() { for (;;); } }].join()', { timeout: 20 });
    } catch (error) {
      code = (error as NodeJS.ErrnoException).code;
    }
    const joined = fibers.map((fiber) => fiber.resume());
    console.log(JSON.stringify([code, joined, [1, [2]].join()]));
  });
  t.deepEqual(answer, ['ERR_SCRIPT_EXECUTION_TIMEOUT', ['x1,2', 'x2,2'], '1,2']);
});

test('a vm timeout in one fiber does not spoil the joins of others or of the main stack', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const asleep = new Fiber(() => [{ toString: () => Fiber.yield() ?? 'x' }, 2].join());
    asleep.resume();
    const stopped = new Fiber(() => {
      try {
        return vm.runInNewContext('[{ toString() { for (;;); } }].join()', {}, { timeout: 20 });
      } catch (error) {
        return [(error as NodeJS.ErrnoException).code, [3, [4]].join()];
      }
    });
    const main = [{ toString: () => JSON.stringify(stopped.resume()) }].join();
    console.log(JSON.stringify([JSON.parse(main), asleep.resume(), [5, [6]].join()]));
  });
  t.deepEqual(answer, [['ERR_SCRIPT_EXECUTION_TIMEOUT', '3,4'], 'x,2', '5,6']);
});

test('joins in several realms at once keep apart', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const ask = (): unknown => Fiber.yield();
    const fibers = [1, 2, 3].map(
      (i) =>
        new Fiber(() => {
          const foreign = vm.runInNewContext(`[{ toString: () => ask() ?? 'f${i}' }, 'r']`, {
            ask,
          }) as unknown[];
          return [foreign.join(), [{ toString: () => Fiber.yield() ?? `x${i}` }].join()].join('/');
        }),
    );
    for (const fiber of fibers) fiber.resume();
    for (const fiber of [...fibers].reverse()) fiber.resume();
    console.log(JSON.stringify(fibers.map((fiber) => fiber.resume())));
  });
  t.deepEqual(answer, ['f1,r/x1', 'f2,r/x2', 'f3,r/x3']);
});

test('a join that sleeps meets nothing that the program has made of Array.prototype', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const calls: string[] = [];
    const { join } = Array.prototype;
    // More arrays in each other than V8 has room for without growing its stack of them.
    const nested = (depth: number): string =>
      join.call([
        { toString: () => (depth === 0 ? (Fiber.yield() ?? 'x') : nested(depth - 1)) },
        depth,
      ]);
    const fibers = [1, 2].map(() => new Fiber(() => nested(12)));
    for (const index of [0, 1, 2, 3]) {
      Object.defineProperty(Array.prototype, index, {
        configurable: true,
        get: () => void calls.push('get'),
        set: () => void calls.push('set'),
      });
    }
    Array.prototype.join = () => (calls.push('join'), '');
    Array.prototype.toString = () => (calls.push('toString'), '');
    for (const fiber of fibers) fiber.resume();
    gc!();
    const joined = fibers.map((fiber) => fiber.resume());
    for (const index of [0, 1, 2, 3]) Reflect.deleteProperty(Array.prototype, index);
    Array.prototype.join = join;
    console.log(JSON.stringify([joined, calls]));
  });
  const expected = `x${Array.from({ length: 13 }, (_, depth) => `,${depth}`).join('')}`;
  t.deepEqual(answer, [[expected, expected], []]);
});
