// Heap snapshots and diagnostic reports with suspended fibers.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import v8 from 'node:v8';

import test from 'ava';
import { Fiber } from 'greenfiber';

import { answerOf } from '../helpers/answer';

test('a heap snapshot shows what only suspended frames hold, and the fibers go on', (t) => {
  const fibers = Array.from(
    { length: 50 },
    (_, i) =>
      new Fiber(() => {
        const secret = { tag: `fib ${i}` }; // short: V8 would not show a concatenated one
        Fiber.yield();
        return secret.tag;
      }),
  );
  for (const fiber of fibers) fiber.resume();
  const folder = mkdtempSync('/tmp/greenfiber-snapshot-');
  const file = v8.writeHeapSnapshot(join(folder, 'x.heapsnapshot'));
  const { strings } = JSON.parse(readFileSync(file, 'utf8')) as { strings: string[] };
  rmSync(folder, { recursive: true });
  t.is(strings.filter((text) => /^fib \d+$/.test(text)).length, 50);
  t.deepEqual(
    fibers.map((fiber) => fiber.resume()),
    fibers.map((_, i) => `fib ${i}`),
  );
});

// V8 scans the C++ stack for these, outside of any collection.
const inFiber: Record<string, string> = {
  'v8.writeHeapSnapshot':
    "require('node:fs').rmSync(v8.writeHeapSnapshot(`/tmp/greenfiber-${process.pid}.heapsnapshot`))",
  'v8.getHeapSnapshot': 'v8.getHeapSnapshot().destroy()',
  'v8.queryObjects': 'v8.queryObjects?.(Array)',
  'the inspector':
    "{ const session = new (require('node:inspector').Session)(); session.connect(); session.post('HeapProfiler.takeHeapSnapshot'); session.disconnect(); }",
};

for (const [name, source] of Object.entries(inFiber)) {
  test(`a heap snapshot can be taken inside a fiber by ${name}`, async (t) => {
    const answer = await answerOf(
      t,
      `const { Fiber } = require('greenfiber');
       const v8 = require('node:v8');
       const asleep = new Fiber(() => [{ held: 'asleep' }, Fiber.yield()]);
       asleep.resume();
       const fiber = new Fiber(() => {
         ${source};
         Fiber.yield();
         ${source};
         return 'taken';
       });
       fiber.resume();
       console.log(JSON.stringify([fiber.resume(), asleep.resume()]));`,
    );
    t.deepEqual(answer, ['taken', [{ held: 'asleep' }, null]]);
  });
}

test('process.report works in a fiber and beside suspended ones', (t) => {
  interface Report {
    javascriptStack: { stack: string[] };
  }
  const inTheFiber = (): string[] => {
    Fiber.yield();
    return (process.report.getReport() as unknown as Report).javascriptStack.stack;
  };
  const fiber = new Fiber(inTheFiber);
  fiber.resume();
  const main = (process.report.getReport() as unknown as Report).javascriptStack.stack;
  t.notRegex(main.join(), /inTheFiber/);
  t.regex((fiber.resume() as string[]).join(), /inTheFiber/);
});

test('v8.getHeapStatistics and v8.queryObjects agree with suspended fibers', (t) => {
  class Held {
    readonly held = true;
  }
  const hold = (): boolean => {
    const object = new Held();
    Fiber.yield();
    return object.held;
  };
  const fibers = Array.from({ length: 10 }, () => new Fiber(hold));
  for (const fiber of fibers) fiber.resume();
  const { queryObjects } = v8 as {
    queryObjects?: (constructor: unknown, options: object) => number;
  };
  if (queryObjects !== undefined) t.true(queryObjects(Held, { format: 'count' }) >= 10);
  t.true(v8.getHeapStatistics().used_heap_size > 0);
  t.true(fibers.every((fiber) => fiber.resume()));
});
