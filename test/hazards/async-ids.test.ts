// Async ids, execution resources and the depth of callback scopes belong to the fiber.
import test from 'ava';

import { answerOf } from '../helpers/answer';
import { canChooseFrame, hasFrameByDefault } from '../helpers/async-context-frame';
import { addonPath } from '../helpers/test-addon';

const carriers = [
  [],
  ...(canChooseFrame ? [['--experimental-async-context-frame']] : []),
  ...(hasFrameByDefault ? [['--no-async-context-frame']] : []),
];

/** Programs print true, or what they found instead. */
function everywhere(title: string, source: string): void {
  for (const flags of carriers) {
    for (const hooks of [false, true]) {
      const how = [...flags, hooks ? 'with async hooks' : 'without async hooks'].join(', ');
      test(`${title} (${how})`, async (t) => {
        const program = `
          const { Fiber } = require('greenfiber');
          const { AsyncResource, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId } = require('node:async_hooks');
          const addon = require(${JSON.stringify(addonPath('v8_addon'))});
          ${hooks ? 'createHook({ init() {}, before() {}, after() {}, destroy() {} }).enable();' : ''}
          ${source}`;
        t.is(await answerOf(t, program, { flags }), true);
      });
    }
  }
}

everywhere(
  'a fiber can yield inside runInAsyncScope, and each side keeps its ids',
  `const resource = new AsyncResource('X');
   const ids = [];
   const fiber = new Fiber(() => {
     const before = executionAsyncId();
     resource.runInAsyncScope(() => {
       ids.push(executionAsyncId() === resource.asyncId());
       Fiber.yield();
       ids.push(executionAsyncId() === resource.asyncId(), triggerAsyncId() === resource.triggerAsyncId());
     });
     ids.push(executionAsyncId() === before);
   });
   const main = executionAsyncId();
   fiber.resume();
   ids.push(executionAsyncId() === main);
   setTimeout(() => {
     const timer = executionAsyncId();
     fiber.resume();
     ids.push(executionAsyncId() === timer);
     console.log(ids.every(Boolean) || JSON.stringify(ids));
   }, 1);`,
);

everywhere(
  'async scopes of several fibers may end in another order than they began',
  `const results = [];
   const fibers = [1, 2, 3, 4].map((i) => {
     const outer = new AsyncResource('outer'), inner = new AsyncResource('inner');
     return new Fiber(() => outer.runInAsyncScope(() => {
       Fiber.yield();
       inner.runInAsyncScope(() => {
         Fiber.yield();
         results.push(executionAsyncId() === inner.asyncId());
       });
       results.push(executionAsyncId() === outer.asyncId());
     }));
   });
   const all = () => fibers.forEach((fiber) => fiber.resume());
   setTimeout(all, 1);
   setTimeout(all, 3);
   setTimeout(() => {
     [2, 0, 3, 1].forEach((i) => fibers[i].resume());
     const resource = executionAsyncResource();
     results.push(resource.constructor.name === 'Timeout');
     console.log(results.every(Boolean) || JSON.stringify(results));
   }, 6);`,
);

everywhere(
  'the execution resource of a fiber is its own, before and after a yield',
  `const found = [];
   const body = () => { const first = executionAsyncResource(); Fiber.yield(); return [first, executionAsyncResource()]; };
   const fibers = [new Fiber(body), new Fiber(body)];
   fibers.forEach((fiber) => fiber.resume());
   setTimeout(() => {
     const timer = executionAsyncResource();
     const [[a, a2], [b, b2]] = fibers.map((fiber) => fiber.resume());
     found.push(a === a2, b === b2, a !== timer, b !== timer, executionAsyncResource() === timer);
     console.log(found.every(Boolean) || JSON.stringify(found));
   }, 1);`,
);

everywhere(
  'a fiber can yield inside a MakeCallback of another addon, and the event loop goes on as ever',
  `const order = [];
   const fiber = new Fiber(() => addon.makeCallback(() => {
     Fiber.yield();
     order.push('resumed ' + executionAsyncId());
   }, 5000, 1));
   fiber.resume();
   process.nextTick(() => order.push('tick'));
   Promise.resolve().then(() => order.push('microtask'));
   setTimeout(() => {
     order.push('timer');
     Promise.resolve().then(() => order.push('microtask of timer'));
     process.nextTick(() => order.push('tick of timer'));
   }, 1);
   setTimeout(() => {
     fiber.resume();
     order.push('back');
   }, 10);
   setTimeout(() => {
     const expected = 'tick,microtask,timer,tick of timer,microtask of timer,resumed 5000,back';
     console.log(order.join() === expected || order.join());
   }, 20);`,
);

everywhere(
  'callback scopes of several fibers may end in another order than they began',
  `const done = [];
   const ids = [];
   const fibers = [0, 1, 2, 3].map((i) => new Fiber(() => addon.insideCallbackScope(() => {
     addon.makeCallback(() => { Fiber.yield(); ids.push(executionAsyncId() === 7000 + i); }, 7000 + i, 1);
     ids.push(executionAsyncId() === 6000 + i);
     done.push(i);
   }, 6000 + i, 1)));
   setTimeout(() => fibers.forEach((fiber) => fiber.resume()), 1);
   setTimeout(() => {
     [2, 0, 1, 3].forEach((i) => fibers[i].resume());
     process.nextTick(() => console.log((done.join() === '2,0,1,3' && ids.every(Boolean)) || JSON.stringify([done, ids])));
   }, 5);`,
);

everywhere(
  'a fiber that ends by an error or by return() inside an async scope leaves the stack of ids whole',
  `const results = [];
   const make = () => new Fiber(() => new AsyncResource('X').runInAsyncScope(() => new AsyncResource('Y').runInAsyncScope(Fiber.yield)));
   setTimeout(() => {
     const id = executionAsyncId();
     const [thrown, returned, dropped] = [make(), make(), make()];
     [thrown, returned, dropped].forEach((fiber) => fiber.resume());
     try { thrown.throw(new Error('thrown')); } catch (error) { results.push(error.message === 'thrown'); }
     results.push(executionAsyncId() === id);
     returned.return();
     results.push(executionAsyncId() === id);
   }, 1);
   setTimeout(() => console.log(results.length === 3 && results.every(Boolean) || JSON.stringify(results)), 5);`,
);

everywhere(
  'stacks of ids deeper than what Node reserves at first survive switches',
  `let sum = 0;
   const deep = (n) => n === 0 ? Fiber.yield() : new AsyncResource('R' + n).runInAsyncScope(() => {
     const id = executionAsyncId();
     deep(n - 1);
     sum += executionAsyncId() === id ? 1 : 0;
   });
   const fibers = [40, 100, 7].map((n) => new Fiber(() => deep(n)));
   const outer = new AsyncResource('outer');
   outer.runInAsyncScope(() => { fibers.forEach((fiber) => fiber.resume()); });
   setTimeout(() => {
     [1, 2, 0].forEach((i) => fibers[i].resume());
     console.log(sum === 147 || sum);
   }, 1);`,
);

test('async hooks that are switched on while fibers sleep see balanced before and after calls', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { AsyncResource, createHook } =
      require('node:async_hooks') as typeof import('node:async_hooks');
    let depth = 0;
    let lowest = 0;
    const resource = new AsyncResource('X');
    const asleep = new Fiber(() => resource.runInAsyncScope(() => Fiber.yield()));
    asleep.resume();
    const hook = createHook({
      before: () => depth++,
      after: () => (lowest = Math.min(lowest, --depth)),
    }).enable();
    const later = new Fiber(() => new AsyncResource('Y').runInAsyncScope(() => Fiber.yield()));
    later.resume();
    later.resume();
    setTimeout(() => {
      asleep.resume();
      setImmediate(() => {
        hook.disable();
        console.log(JSON.stringify({ depth: depth - 1, lowest }));
      });
    });
  });
  // The one `after` of the scope that was entered unseen.
  t.deepEqual(answer, { depth: -1, lowest: -1 });
});

test('a fiber announces itself to async hooks, and is destroyed when it ends', async (t) => {
  const answer = await answerOf(t, ({ Fiber }) => {
    const { createHook } = require('node:async_hooks') as typeof import('node:async_hooks');
    const made = new Map<number, string>();
    const gone: number[] = [];
    createHook({
      init: (id, type) => made.set(id, type),
      destroy: (id) => gone.push(id),
    }).enable();
    const fiber = new Fiber(() => Fiber.yield());
    const id = [...made].find(([, type]) => type === 'Fiber')?.[0] ?? -1;
    fiber.resume();
    fiber.resume();
    setTimeout(() => {
      console.log(JSON.stringify([made.get(id), gone.includes(id)]));
    }, 5);
  });
  t.deepEqual(answer, ['Fiber', true]);
});
