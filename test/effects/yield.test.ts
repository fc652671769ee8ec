import test from 'ava';
import { answer, effect, Fiber, handle, on } from 'greenfiber';

const Ask = effect<string, number>('Ask');
const Tell = effect<string>('Tell');

test('a body yields through its handler to whoever resumed the fiber around it', (t) => {
  const fiber = new Fiber<unknown, unknown, unknown>((first) =>
    handle(
      () => {
        t.is(Fiber.current, fiber);
        t.true(Fiber.isYieldable());
        const second = Fiber.yield([first, Ask.perform('a')]);
        const third = new Fiber(() => Fiber.yield('inner')).resume();
        return [second, third, Fiber.yield('last')];
      },
      on(Ask, (_, k) => {
        const got = Fiber.yield('clause');
        return k.resume(got as number);
      }),
    ),
  );
  t.is(fiber.resume(1), 'clause');
  t.is(fiber.state, 'suspended');
  t.deepEqual(fiber.resume(2), [1, 2]);
  t.is(fiber.state, 'suspended');
  t.is(fiber.resume(3), 'last');
  t.deepEqual(fiber.next(4), { done: true, value: [3, 'inner', 4] });
  t.is(Fiber.current, undefined);
  t.is(
    handle(
      () => Fiber.current,
      answer(Tell, () => undefined),
    ),
    undefined,
  );
});

test('throw and return reach a fiber that yielded inside a handler', (t) => {
  const log: unknown[] = [];
  const make = (): Fiber =>
    new Fiber(() => {
      try {
        return handle(
          () => {
            try {
              return Fiber.yield('asleep');
            } catch (error) {
              log.push(error);
              return Fiber.yield('again');
            } finally {
              log.push('inner');
            }
          },
          answer(Ask, () => 1),
        );
      } finally {
        log.push('outer');
      }
    });
  const thrown = make();
  thrown.resume();
  t.is(thrown.throw('error'), 'again');
  t.is(thrown.resume('end'), 'end');
  t.deepEqual(log.splice(0), ['error', 'inner', 'outer']);

  const returned = make();
  returned.resume();
  t.deepEqual(returned.return('value'), { done: true, value: 'value' });
  t.true(returned.done);
  const [error, ...rest] = log;
  t.is((error as { code: string }).code, 'ERR_FIBER_KILLED');
  t.deepEqual(rest, ['inner', 'outer']);
});
