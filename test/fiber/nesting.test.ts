/* eslint-disable preserve-caught-error --
   on purpose: tests of odd programs */
import test from 'ava';

import { runChild, type Program } from '../helpers/child';

const cases: Record<string, Program> = {
  'a hundred thousand nested resumes end in ERR_FIBER_NESTING': ({ Fiber, FiberError, stats }) => {
    const { alive } = stats();
    let deepest = 0;
    let caught: unknown;
    const nest = (level: number): unknown => {
      deepest = level;
      if (level === 100_000) return 'no limit';
      return new Fiber(() => nest(level + 1)).resume();
    };
    try {
      nest(0);
    } catch (error) {
      caught = error;
    }
    if (!(caught instanceof FiberError) || caught.code !== 'ERR_FIBER_NESTING') throw caught;
    if (deepest < 1000) throw new Error(`only ${deepest}`);
    if (stats().alive !== alive) throw new Error('fibers left');
    const fiber = new Fiber((x) => Fiber.yield(x));
    if (fiber.resume(1) !== 1 || fiber.resume(2) !== 2) throw new Error('unusable');
  },
  'at the limit every fiber stays usable': ({ Fiber }) => {
    const waiting = new Fiber(() => {
      for (;;) Fiber.yield('waiting');
    });
    waiting.resume();
    const codes = new Set<string>();
    const attempt = (call: () => unknown): void => {
      try {
        call();
        codes.add('no error');
      } catch (error) {
        codes.add((error as { code: string }).code);
      }
    };
    const nest = (level: number): unknown => {
      const fiber = new Fiber(() => nest(level + 1));
      try {
        return fiber.resume();
      } catch (error) {
        if ((error as { code: string }).code !== 'ERR_FIBER_NESTING') throw error;
        if (fiber.state !== 'created') return;
        attempt(() => fiber.resume());
        attempt(() => fiber.next());
        attempt(() => waiting.resume());
        attempt(() => waiting.throw(1));
        if (waiting.state !== 'suspended') throw new Error(waiting.state);
        return Fiber.yield('from the deepest');
      }
    };
    const outer = new Fiber(() => nest(0));
    outer.resume();
    if ([...codes].join() !== 'ERR_FIBER_NESTING') throw new Error([...codes].join());
    if (waiting.resume() !== 'waiting') throw new Error('waiting');
    for (let i = 0; i < 5; i++) if (new Fiber(() => i).resume() !== i) throw new Error('value');
  },
  'the limit counts resumes under way, not fibers': ({ Fiber }) => {
    for (let i = 0; i < 30_000; i++) new Fiber(() => new Fiber(() => i).resume()).resume();
    const echo = new Fiber(() => {
      for (;;) Fiber.yield();
    });
    for (let i = 0; i < 100_000; i++) echo.resume();
  },
};

for (const [name, program] of Object.entries(cases)) {
  test(name, async (t) => {
    t.deepEqual(await runChild(program), { code: 0, signal: null, stdout: '', stderr: '' });
  });
}
