// The module loaded again, as test runners with a cleared require cache do.
import test from 'ava';

import { answerOf } from '../helpers/answer';

test('greenfiber may be loaded again after the require cache was cleared, with fibers asleep', async (t) => {
  const answer = await answerOf(
    t,
    `const load = () => {
       for (const file of Object.keys(require.cache)) if (!file.endsWith('.node')) delete require.cache[file];
       return require('greenfiber');
     };
     const first = load();
     const old = new first.Fiber(() => first.Fiber.yield(1) ?? 2);
     old.resume();
     const second = load();
     gc();
     const seen = [];
     try { seen.push(new second.Fiber(() => second.Fiber.yield(3)).resume()); } catch (error) { seen.push(error.code); }
     try { seen.push(old.resume()); } catch (error) { seen.push(error.code); }
     gc();
     console.log(JSON.stringify(seen.length));`,
  );
  t.is(answer, 2);
});

test('the addon, too, with everything deleted from the cache', async (t) => {
  const answer = await answerOf(
    t,
    `let loaded = 0;
     for (let i = 0; i < 5; i++) {
       for (const file of Object.keys(require.cache)) delete require.cache[file];
       const { Fiber } = require('greenfiber');
       try {
         const fiber = new Fiber(() => [3, 1].map((x) => Fiber.yield(x)));
         fiber.resume();
         loaded++;
       } catch (error) {
         if (error.code !== 'ERR_FIBER_UNSUPPORTED') throw error;
       }
       gc();
     }
     console.log(loaded > 0);`,
  );
  t.true(answer);
});
