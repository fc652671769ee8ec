import test from 'ava';

import { runChild, type Program } from '../helpers/child';

// Every program ends with its last line of output, so that a crash or a silent stop shows.
const cases: Record<string, Program> = {
  'a fiber that goes on suspending is terminated, with a warning that names it': ({
    Fiber,
    stats,
  }) => {
    const { alive } = stats();
    const warnings: Error[] = [];
    process.on('warning', (warning) => warnings.push(warning));
    let suspensions = 0;
    let unwound = false;
    const fiber = new Fiber(
      () => {
        try {
          for (;;) {
            try {
              suspensions++;
              Fiber.yield();
            } catch {
              // swallowed
            }
          }
        } finally {
          unwound = true;
        }
      },
      { name: 'stubborn' },
    );
    fiber.resume();
    const answer = (fiber as InstanceType<typeof Fiber>).return('value');
    console.log(
      JSON.stringify([
        answer,
        fiber.state,
        Math.min(suspensions, 100),
        unwound,
        stats().alive - alive,
      ]),
    );
    setImmediate(() => {
      console.log(warnings.length, warnings[0]?.name, warnings[0]?.message.includes('stubborn'));
    });
  },
  'everything works after a termination, in any depth of fibers': ({ Fiber, stats }) => {
    process.removeAllListeners('warning');
    process.on('warning', () => undefined);
    const stubborn = (): unknown => {
      for (;;) {
        try {
          [1, 2].sort(() => Fiber.yield<number>());
        } catch {
          // swallowed
        }
      }
    };
    const terminate = (): string => {
      const fiber = new Fiber(stubborn);
      fiber.resume();
      fiber.return();
      return fiber.state;
    };
    const { alive } = stats();
    for (let i = 0; i < 100; i++) {
      const states = [
        terminate(),
        new Fiber(terminate).resume(),
        new Fiber(() => new Fiber(terminate).resume()).resume(),
        new Fiber(() => [terminate(), Fiber.yield<string>('x')]).next().value,
      ];
      if (states.join() !== 'finished,finished,finished,x') throw new Error(states.join());
      if (new Fiber((x) => Fiber.yield(x)).resume(i) !== i) throw new Error('value');
    }
    gc!();
    console.log('alive', stats().alive - alive);
  },
  'timers and promises go on after a termination': ({ Fiber }) => {
    process.on('warning', () => undefined);
    const fiber = new Fiber(() => {
      for (;;) {
        try {
          Fiber.yield();
        } catch {
          // swallowed
        }
      }
    });
    fiber.resume();
    void Promise.resolve().then(() => {
      fiber.return();
      setTimeout(() => console.log('timer', fiber.state), 1);
      void Promise.resolve().then(() => console.log('promise'));
    });
  },
  'a fiber that swallows errors in its finally blocks is terminated too': ({ Fiber }) => {
    process.on('warning', () => undefined);
    const again = (): void => {
      for (;;) {
        try {
          Fiber.yield();
        } finally {
          continue; // eslint-disable-line no-unsafe-finally
        }
      }
    };
    const fiber = new Fiber(again);
    fiber.resume();
    console.log(fiber.return().done, fiber.state);
  },
  'a fiber that returns itself and goes on suspending ends as well': ({ Fiber }) => {
    process.on('warning', () => undefined);
    let rounds = 0;
    const fiber: InstanceType<typeof Fiber> = new Fiber(() => {
      while (rounds++ < 1000) {
        try {
          fiber.return();
        } catch {
          // swallowed
        }
        try {
          Fiber.yield();
        } catch {
          // swallowed
        }
      }
      return 'never';
    });
    for (let i = 0; !fiber.done && i < 10; i++) fiber.resume();
    console.log(fiber.state, rounds < 1000);
  },
  'ninety-nine suspensions are suffered': ({ Fiber }) => {
    let warned = 0;
    process.on('warning', () => warned++);
    const fiber = new Fiber(() => {
      for (let i = 0; i < 99; i++) {
        try {
          Fiber.yield();
        } catch {
          // swallowed
        }
      }
      return 'by itself';
    });
    fiber.resume();
    console.log(fiber.return().value);
    setImmediate(() => console.log('warnings', warned));
  },
  'a termination spares the fiber that resumed the stubborn one': ({ Fiber }) => {
    process.on('warning', () => undefined);
    const log: unknown[] = [];
    const stubborn = new Fiber(() => {
      for (;;) {
        try {
          Fiber.yield();
        } catch {
          // swallowed
        }
      }
    });
    const parent = new Fiber(() => {
      try {
        stubborn.resume();
        Fiber.yield('parent');
        stubborn.return();
        log.push('after');
      } finally {
        log.push('finally');
      }
      return Fiber.yield('still');
    });
    for (const value of [1, 2, 'end']) log.push(parent.resume(value));
    console.log(log.join());
  },
};

const outputs: Record<string, string> = {
  'a fiber that goes on suspending is terminated, with a warning that names it':
    '[{"done":true,"value":"value"},"finished",100,false,0]\n1 FiberWarning true\n',
  'everything works after a termination, in any depth of fibers': 'alive 200\n',
  'timers and promises go on after a termination': 'promise\ntimer finished\n',
  'a fiber that swallows errors in its finally blocks is terminated too': 'true finished\n',
  'a fiber that returns itself and goes on suspending ends as well': 'finished true\n',
  'ninety-nine suspensions are suffered': 'by itself\nwarnings 0\n',
  'a termination spares the fiber that resumed the stubborn one':
    'parent,after,finally,still,end\n',
};

for (const [name, program] of Object.entries(cases)) {
  test(name, async (t) => {
    const { code, signal, stdout, stderr } = await runChild(program, { flags: ['--no-warnings'] });
    t.deepEqual(
      { code, signal, stdout, stderr },
      { code: 0, signal: null, stdout: outputs[name] ?? '', stderr: '' },
    );
  });
}
