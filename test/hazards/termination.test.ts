// V8 serves a termination wherever a function starts, also in what greenfiber runs around a switch.
import { answerOf } from '../helpers/answer';
import { onDirect } from '../helpers/on-direct';

onDirect(
  'a termination that comes while the fibers of an earlier one are let go is not lost',
  async (t) => {
    const answer = await answerOf(t, ({ Fiber }) => {
      const vm = require('node:vm') as typeof import('node:vm');
      const run = (body: () => void, timeout: number): unknown => {
        try {
          vm.runInNewContext('body()', { body }, { timeout });
          return 'returned';
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
      };
      const nested: InstanceType<typeof Fiber>[] = [];
      const nest = (depth: number): void => {
        if (depth === 0) for (;;);
        nested.push(new Fiber(() => nest(depth - 1)));
        nested.at(-1)!.resume();
      };
      const first = run(() => nest(5000), 1500);
      // The next fiber that starts lets those go first, which takes many times as long as this timeout.
      const spinning = new Fiber(() => {
        for (;;) Fiber.yield();
      });
      const second = run(() => {
        for (;;) spinning.resume();
      }, 1);
      const done = nested.filter((fiber) => fiber.done).length;
      console.log(first, second, nested.length - done, new Fiber(() => 'works').resume());
    });
    t.is(answer, 'ERR_SCRIPT_EXECUTION_TIMEOUT ERR_SCRIPT_EXECUTION_TIMEOUT 0 works\n');
  },
);

onDirect(
  'a termination is not replaced by the error that is on its way to the resumer',
  async (t) => {
    const answer = await answerOf(t, ({ Fiber }) => {
      const vm = require('node:vm') as typeof import('node:vm');
      const error = new Error('never read');
      Object.defineProperty(error, 'stack', {
        get: () => {
          for (;;);
        },
      });
      const log: unknown[] = [];
      const fiber = new Fiber(() => {
        Fiber.yield();
        throw error;
      });
      fiber.resume();
      const body = (): void => {
        try {
          fiber.resume();
        } catch {
          log.push('caught');
        } finally {
          log.push('finally');
        }
      };
      try {
        vm.runInNewContext('body()', { body }, { timeout: 100 });
      } catch (reason) {
        log.push((reason as NodeJS.ErrnoException).code, fiber.state);
      }
      console.log(log.join());
    });
    t.is(answer, 'ERR_SCRIPT_EXECUTION_TIMEOUT,finished\n');
  },
);

onDirect('a termination in a look at a sleeping fiber ends the one who looks', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const vm = require('node:vm') as typeof import('node:vm');
    const fiber = new Fiber(() => Fiber.yield());
    fiber.resume();
    const log: unknown[] = [];
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = () => {
      for (;;);
    };
    const body = (): void => {
      log.push(fiber.stack);
      log.push('looked');
      for (;;);
    };
    try {
      vm.runInNewContext('body()', { body }, { timeout: 100 });
    } catch (reason) {
      Error.prepareStackTrace = prepareStackTrace;
      log.push((reason as NodeJS.ErrnoException).code, fiber.state);
    }
    log.push(fiber.resume('goes on'), fiber.state);
    console.log(log.join());
  });
  t.is(answer, 'ERR_SCRIPT_EXECUTION_TIMEOUT,suspended,goes on,finished\n');
});
