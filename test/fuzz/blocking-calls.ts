/** Every blocking call of the public API, for tasks that are cancelled in it. */
import { PassThrough } from 'node:stream';
import { setTimeout as later } from 'node:timers/promises';

import {
  abortable,
  Barrier,
  Channel,
  Condition,
  currentSignal,
  deadline,
  effect,
  Event,
  Fiber,
  fiberize,
  generate,
  group,
  handle,
  Mutex,
  now,
  on,
  Once,
  RwLock,
  select,
  Semaphore,
  shield,
  sleep,
  spawn,
  sync,
  timeout,
  wait,
  WaitGroup,
  yieldNow,
} from 'greenfiber';
import {
  connect,
  frames,
  LengthPrefixed,
  LineFraming,
  listen,
  ObjectReader,
  Reader,
  Writer,
  type Connection,
} from 'greenfiber/io';
import type { Offload } from 'greenfiber/offload';

import { kernelsOf, type Kernel } from '../helpers/offload-library';

export type Random = () => number;

const failing = async (ms: number): Promise<never> => {
  await later(ms);
  throw new Error('expected');
};

const ask = effect<undefined, number>('ask');

/** Where those who talk find somebody. */
export interface Servers {
  /** Sends lines back. */
  readonly port: number;
  /** Sends JSON back. */
  readonly url: string;
}

/** What tasks block in together, and may leave behind. */
export class World {
  readonly mutex = new Mutex();
  readonly lock = new RwLock();
  readonly semaphore = new Semaphore(2, 2);
  readonly changed = new Condition(this.mutex);
  readonly channel = new Channel<number>();
  readonly event = new Event();
  readonly pending = new Promise<never>(() => undefined);
  readonly barrier = new Barrier(3);
  readonly count = new WaitGroup();

  readonly js;
  readonly arith: Kernel;

  constructor(
    readonly random: Random,
    readonly offload: Offload,
    readonly servers: Servers,
  ) {
    this.arith = kernelsOf(offload).arith;
    this.js = {
      rest: offload.js((ms: number) => new Promise((resolve) => setTimeout(resolve, ms))),
      spin: offload.js((ms: number) => {
        for (const end = Date.now() + ms; Date.now() < end;);
      }),
      fail: offload.js((code: string) => {
        throw Object.assign(new Error('expected'), { code });
      }),
      unclonable: offload.js(() => () => 1),
      leave: offload.js(() => {
        if (Math.random() < 0.1) process.exit();
      }),
    };
  }

  ms(most: number): number {
    return Math.floor(this.random() * most);
  }

  /** Each blocks in one way, and leaves no lock held. */
  readonly calls: (() => unknown)[] = [
    () => sleep(this.ms(5)),
    () => yieldNow(),
    () => wait(later(this.ms(5))),
    () => wait(failing(this.ms(5))),
    () => wait(this.pending),
    () => sync(failing)(this.ms(3)),
    () => sync.callback((done: (error: unknown) => void) => setTimeout(done, this.ms(4), null))(),
    () => this.mutex.run(() => sleep(this.ms(3))),
    () => this.mutex.run(async () => later(this.ms(3))),
    () => this.lock.read(() => sleep(this.ms(3))),
    () => this.lock.write(() => sleep(this.ms(3))),
    () => this.semaphore.run(() => sleep(this.ms(3))),
    () => this.mutex.run(() => this.changed.wait()),
    () => this.mutex.run(() => this.changed.notifyAll()),
    () => this.channel.send(1),
    () => this.channel.receive(),
    () => this.event.wait(),
    () => this.#meet(),
    () => this.count.wait(),
    () => new Once<void>().run(() => sleep(this.ms(3))),
    () =>
      select([
        { receive: this.channel },
        { after: this.ms(5) },
        { settled: failing(this.ms(3)) },
        { aborted: AbortSignal.timeout(5) },
      ]),
    () => timeout(this.ms(4), () => wait(this.pending)),
    () => deadline(now() + this.ms(4), () => sleep(10)),
    () => abortable(AbortSignal.timeout(this.ms(5)), () => wait(failing(10))),
    () => shield(() => sleep(this.ms(2))),
    () => wait(later(10, undefined, { signal: currentSignal() })),
    () => this.arith(new Int32Array(4), 4),
    () => this.js.rest(this.ms(4)),
    () => this.js.spin(this.ms(4)),
    () => this.js.fail('E'),
    () => this.js.unclonable(),
    () => this.js.leave(),
    () => {
      this.mutex.lock();
      try {
        this.changed.waitUntil(() => this.random() < 0.3);
      } finally {
        this.mutex.unlock();
      }
    },
    () => this.#locked(),
    () => {
      for (const item of this.channel) if (item > 1) break;
    },
    () => select.biased([{ send: this.channel, value: 2 }, { after: this.ms(3) }]),
    () => this.#join(),
    () => wait(spawn(() => sleep(this.ms(3)))),
    () => wait(fiberize(() => wait(failing(this.ms(3))))()),
    () => new Fiber(() => sleep(this.ms(3))).resume(),
    () => [
      ...generate<number>((emit) => {
        sleep(this.ms(2));
        emit(1);
        sleep(this.ms(2));
      }),
    ],
    () =>
      handle(
        () => ask.perform(undefined),
        on(ask, (_, k) => {
          try {
            sleep(this.ms(3));
          } catch (error) {
            return k.throw(error);
          }
          return k.resume(1);
        }),
      ),
    () => deadline(new Date(Date.now() + this.ms(4)), () => this.event.wait()),
    () => this.#talk(),
    () => this.#fetch(),
    () => this.#listen(),
    () => this.#stream(),
    () => this.#group(),
    () => this.#groupsInside(),
  ];

  one(): unknown {
    return this.calls[Math.floor(this.random() * this.calls.length)]?.();
  }

  #join(): void {
    const task = spawn(() => this.one());
    try {
      task.join();
    } finally {
      task.cancel();
    }
  }

  #meet(): void {
    if (this.barrier.broken) this.barrier.reset();
    this.barrier.wait();
  }

  #talk(): void {
    const connection: Connection = connect(this.servers.port, '127.0.0.1');
    try {
      connection.write('hello\n');
      connection.readLine();
      connection.end();
    } finally {
      connection.destroy();
    }
  }

  #fetch(): void {
    const signal = currentSignal() ?? AbortSignal.timeout(1000);
    const body = JSON.stringify({ ms: this.ms(3) });
    const response = wait(fetch(this.servers.url, { method: 'POST', body, signal }));
    wait(response.json());
  }

  /** Nobody comes, or somebody does who says nothing. */
  #listen(): void {
    const listener = listen(0, '127.0.0.1');
    try {
      group((g) => {
        if (this.random() < 0.5) {
          g.spawn(() => {
            using connection = connect(listener.port, '127.0.0.1');
            connection.readExactly(4);
          });
        }
        const accepted = listener.accept();
        try {
          accepted?.read();
        } finally {
          accepted?.destroy();
        }
      });
    } finally {
      shield(() => {
        listener.shutdown(0);
      });
    }
  }

  #stream(): void {
    const pipe = new PassThrough({ highWaterMark: 8 });
    const framing = new LengthPrefixed({ lengthBytes: 1 });
    try {
      group((g) => {
        g.spawn(() => {
          const writer = new Writer(pipe);
          framing.write(writer, Buffer.alloc(20));
          writer.writeAll(['a line\n', 'another one, which is longer\n']);
          new LineFraming().write(writer, 'and one more');
          sleep(this.ms(2));
          writer.flush();
          writer.end();
        });
        const reader = new Reader(pipe);
        for (const frame of frames(reader, framing)) if (frame.length === 20) break;
        reader.peek(3);
        reader.readLine();
        reader.readAll();
      });
      const objects = new PassThrough({ objectMode: true });
      const one = setTimeout(() => objects.end({}), this.ms(4));
      try {
        new ObjectReader(objects).read();
      } finally {
        clearTimeout(one);
      }
    } finally {
      pipe.destroy();
    }
  }

  #locked(): void {
    const write = this.random() < 0.5;
    const guard = write ? this.lock.lockWrite() : this.lock.lockRead();
    try {
      this.semaphore.acquire();
      try {
        sleep(this.ms(2));
      } finally {
        this.semaphore.release();
      }
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /** Regions of cancellation in each other, of which any may be the one that ends. */
  #groupsInside(): void {
    group((outer) => {
      outer.spawn(() => {
        group((inner) => {
          inner.spawn(() => timeout(this.ms(4), () => wait(this.pending)));
          inner.spawn(() => abortable(inner.signal, () => this.channel.receive()));
          if (this.random() < 0.3) outer.cancel();
          shield(() => sleep(this.ms(2)));
        });
      });
      outer.spawn(() => timeout(this.ms(3), () => group((g) => g.spawn(() => this.event.wait()))));
    });
  }

  #group(): void {
    group((g) => {
      g.spawn(() => sleep(this.ms(4)));
      g.spawn(async () => failing(this.ms(4)));
      g.spawn(() => wait(this.pending));
      if (this.random() < 0.5) g.cancel();
    });
  }
}
