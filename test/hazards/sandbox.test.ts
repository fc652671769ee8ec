// Containers and emulators that lack a system call which calibration likes to use.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { libraryOf } from '../helpers/offload-library';

test('where process_vm_readv is refused, calibration reads memory in another way', async (t) => {
  const answer = await answerOf(
    t,
    ({ engine, Fiber }) => {
      const fiber = new Fiber(() => [3, 1, 2].sort((a, b) => (Fiber.yield(), a - b)).join());
      let end: unknown;
      while (!fiber.done) {
        globalThis.gc?.();
        end = fiber.resume();
      }
      console.log(JSON.stringify([engine, end]));
    },
    {
      env: {
        // What is preloaded already comes first: a sanitizer.
        LD_PRELOAD: [process.env['LD_PRELOAD'], libraryOf('test/fixtures/no_process_vm_readv.c')]
          .filter(Boolean)
          .join(':'),
      },
    },
  );
  t.deepEqual(answer, [process.env['GREENFIBER_ENGINE'] ?? 'direct', '1,2,3']);
});
