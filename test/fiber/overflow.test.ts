/* eslint-disable @typescript-eslint/no-implied-eval --
   on purpose: tests of odd programs */
import test from 'ava';

import { runChild, type Program } from '../helpers/child';

const cases: Record<string, Program> = {
  'endless recursion is a RangeError that the fiber can catch, again and again': ({ Fiber }) => {
    const recurse = (): number => recurse() + 1;
    const fiber = new Fiber(() => {
      for (let i = 0; i < 50; i++) {
        try {
          recurse();
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          Fiber.yield(i);
        }
      }
      return 'end';
    });
    for (let i = 0; i < 50; i++) if (fiber.resume() !== i) throw new Error('value');
    if (fiber.resume() !== 'end') throw new Error('end');
  },
  'an overflow that escapes goes to the resumer': ({ Fiber }) => {
    const recurse = (): number => recurse() + 1;
    for (const stackSize of [131_072, 200_000, 262_144, 2 ** 22, 2 ** 24]) {
      for (let i = 0; i < 5; i++) {
        const fiber = new Fiber(recurse, { stackSize });
        try {
          fiber.resume();
          throw new Error('none');
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
        if (fiber.state !== 'finished') throw new Error(fiber.state);
      }
    }
  },
  'the limit follows every switch: the main stack and every fiber have their own': ({ Fiber }) => {
    const depth = (): number => {
      let deepest = 0;
      const dive = (level: number): void => {
        deepest = level;
        dive(level + 1);
      };
      try {
        dive(1);
      } catch {
        // the overflow
      }
      return deepest;
    };
    const near = (a: number, b: number): boolean => Math.abs(a - b) < Math.max(a, b) * 0.3;
    depth();
    depth();
    const main = depth();
    const sizes = [131_072, 2 ** 18, 2 ** 20, 2 ** 23];
    const measure = (): unknown => {
      for (;;) Fiber.yield(depth());
    };
    const fibers = sizes.map((stackSize) => new Fiber(measure, { stackSize }));
    const first = fibers.map((fiber) => fiber.resume() as number);
    for (let i = 1; i < sizes.length; i++) {
      if (first[i]! < first[i - 1]! * 1.5) throw new Error(`not deeper: ${first.join()}`);
    }
    for (let round = 0; round < 5; round++) {
      fibers.forEach((fiber, i) => {
        const now = fiber.resume() as number;
        if (!near(now, first[i]!)) throw new Error(`fiber ${now} ${first[i]}`);
        const here = depth();
        if (!near(here, main)) throw new Error(`main ${here} ${main}`);
      });
    }
  },
  'at any remaining depth: built-ins, regular expressions, compiles, JSON, yields': ({ Fiber }) => {
    const big = `(function () { ${Array.from({ length: 200 }, (_, i) => `function f${i}(a) { return a ? [a, ...[1]].map((x) => \`\${x}${i}\`) : { a }; }`).join('\n')} return f199(1); })()`;
    const pattern = /^(?:(a+)+|(b|c)*|(?:d(?:e(?:f(?:g)?)?)?)*)+?$/;
    const nested = '['.repeat(20_000);
    const text = 'abcdefg'.repeat(20);
    let serial = 0;
    const operations: (() => unknown)[] = [
      () => pattern.test(text.slice(0, 18)),
      () => new RegExp(`(x${serial++}|${'(a|b)'.repeat(50)})*y`).test(text),
      () => new Function(`return ${big} + ${serial++}`)() as unknown,
      () => (0, eval)(`${big}; ${serial++}`) as unknown,
      () => {
        try {
          JSON.parse(nested);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      },
      () => JSON.stringify({ a: [{ b: { toJSON: () => [1] } }] }),
      () =>
        [3, 1, 2]
          .sort((a, b) => a - b)
          .map(String)
          .join(),
      () => Fiber.yield(),
      () => new Fiber(() => Fiber.yield(1)).next(),
      () => new Error('x').stack,
      () => 'x'.replace(/x/g, () => 'y'),
      () => new Intl.NumberFormat('de').format(1e6),
      () => new Date(2020, 1).toLocaleString(),
      () => structuredClone({ a: [1, new Map([[1, { b: 2 }]])] }),
      () => Reflect.construct(Map, [[[1, 2]]]),
      () => gc!({ type: 'minor' } as never),
    ];
    for (const stackSize of [131_072, 262_144]) {
      operations.forEach((operation, which) => {
        let overflows = 0;
        for (let step = 0; step < 12; step++) {
          // Dives to the bottom and tries the operation on every way back up, each time shifted a little.
          const dive = (pad: number, ...rest: number[]): number => {
            let room = 0;
            try {
              room = dive(pad, ...rest) + 1;
            } catch (error) {
              if (!(error instanceof RangeError)) throw error;
            }
            if (room < 12) {
              try {
                operation();
              } catch (error) {
                const known =
                  error instanceof RangeError ||
                  (error instanceof SyntaxError && /too|large|stack/i.test(error.message)) ||
                  (error as { code?: string }).code === 'ERR_INTERNAL_ASSERTION';
                if (!known) throw error;
                overflows++;
              }
            }
            return room;
          };
          const fiber = new Fiber(() => dive(0, ...Array<number>(step * 2).fill(0)), { stackSize });
          for (let i = 0; !fiber.done; i++) {
            fiber.resume();
            if (i > 10_000) throw new Error(`operation ${which} never ends`);
          }
        }
        if (overflows === -1) console.log(which);
      });
    }
  },
  'recursion through built-ins': ({ Fiber }) => {
    const ways: (() => unknown)[] = [
      function sort(): unknown {
        return [2, 1].sort(() => (sort(), 0));
      },
      function replace(): unknown {
        return 'aa'.replace(/a/g, () => String(replace()));
      },
      function stringify(): unknown {
        return JSON.stringify({ toJSON: stringify });
      },
      function parse(): unknown {
        return JSON.parse('[1]', () => parse());
      },
      function getter(): unknown {
        return {
          get x(): unknown {
            return getter();
          },
        }.x;
      },
      function proxy(): unknown {
        return (new Proxy({}, { get: proxy }) as { x: unknown }).x;
      },
      function construct(): unknown {
        return Reflect.construct(construct, []);
      },
      function primitive(): unknown {
        return `${{ toString: () => String(primitive()) } as never}`;
      },
      function spread(): unknown {
        return Math.max(...[1, 2].map(() => spread() as number));
      },
      function evaluate(): unknown {
        return new Function('f', 'return f(f)')(evaluate) as unknown;
      },
      function iterate(): unknown {
        return [...{ [Symbol.iterator]: () => iterate() as Iterator<unknown> }];
      },
      function trace(): unknown {
        Error.prepareStackTrace = () => trace();
        return new Error('x').stack;
      },
    ];
    for (const stackSize of [131_072, 262_144, 2 ** 21]) {
      for (const way of ways) {
        const fiber = new Fiber(way, { stackSize });
        try {
          fiber.resume();
        } catch (error) {
          delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
          if (!(error instanceof RangeError)) throw error;
        }
        delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
        if (!fiber.done) throw new Error(way.name);
      }
    }
  },
  'an array nested too deep for JSON and toString': ({ Fiber }) => {
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    for (const call of [
      () => JSON.stringify(deep),
      () => String(deep),
      () => deep.flat(Infinity),
      () => structuredClone(deep),
    ] as (() => unknown)[]) {
      const fiber = new Fiber(call);
      try {
        fiber.resume();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      if (!fiber.done) throw new Error('not done');
    }
  },
  'deep recursion that yields at every level and is unwound from the bottom': ({
    Fiber,
    stats,
  }) => {
    const { alive } = stats();
    let unwound = 0;
    let entered = 0;
    const dive = (): void => {
      entered++;
      try {
        Fiber.yield();
        dive();
      } finally {
        unwound++;
      }
    };
    const fiber = new Fiber(dive, { stackSize: 131_072 });
    try {
      for (let i = 0; i < 1e6; i++) fiber.resume();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (fiber.state !== 'finished' || entered < 10 || unwound < entered - 2)
      throw new Error(`${fiber.state} ${entered} ${unwound}`);
    const other = new Fiber(dive);
    for (let i = 0; i < 300; i++) other.resume();
    other.return();
    if (stats().alive !== alive) throw new Error('alive');
  },
  'an overflow in a fiber resumed near the end of another stack': ({ Fiber }) => {
    const recurse = (): number => recurse() + 1;
    let inner = 0;
    const dive = (): void => {
      try {
        dive();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        try {
          new Fiber(recurse).resume();
        } catch (again) {
          if (!(again instanceof RangeError)) throw again;
          inner++;
        }
        throw error;
      }
    };
    for (let i = 0; i < 3; i++) {
      const fiber = new Fiber(dive, { stackSize: 131_072 });
      try {
        fiber.resume();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    if (inner === 0) throw new Error('nothing tried');
  },
};

for (const [name, program] of Object.entries(cases)) {
  test(name, async (t) => {
    t.deepEqual(await runChild(program), { code: 0, signal: null, stdout: '', stderr: '' });
  });
}
