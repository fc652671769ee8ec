import { PassThrough, Writable } from 'node:stream';

import test from 'ava';
import { abortable, group, sleep, timeout, yieldNow } from 'greenfiber';
import { Writer } from 'greenfiber/io';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';

/** A Writable that keeps what it is given, and takes the next chunk only when it is told to. */
class Slow extends Writable {
  seen = '';
  #next: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.seen += chunk.toString();
    this.#next = callback;
  }

  /** Whether there was something to confirm. */
  confirm(): boolean {
    const next = this.#next;
    this.#next = undefined;
    next?.();
    return next !== undefined;
  }
}

test('write returns while there is room, and sleeps while there is none', (t) =>
  inTask(t, () => {
    const stream = new Slow({ highWaterMark: 4 });
    const writer = new Writer(stream);
    const steps: string[] = [];
    group((g) => {
      g.spawn(() => {
        writer.write('ab');
        writer.write('cd');
        steps.push('full');
        writer.write('ef');
        steps.push('went on');
      });
      sleep(5);
      t.deepEqual(steps, ['full']);
      t.is(stream.seen, 'ab');
      while (stream.confirm()) sleep(1);
      t.deepEqual(steps, ['full', 'went on']);
      t.is(stream.seen, 'abcdef');
    });
  }));

test('writers go on in the order in which they came, each as one', (t) =>
  inTask(t, () => {
    const stream = new Slow({ highWaterMark: 1 });
    const writer = new Writer(stream);
    group((g) => {
      for (const name of 'abc') {
        g.spawn(() => {
          for (let i = 0; i < 3; i++) writer.writeAll([name, String(i)]);
        });
      }
      sleep(1);
      for (let quiet = 0; quiet < 10; quiet++) {
        if (stream.confirm()) quiet = 0;
        sleep(0);
      }
    });
    t.is(stream.seen, 'a0a1b0c0a2b1c1b2c2');
  }));

test('a cancelled write has written nothing, and the next in line goes on', (t) =>
  inTask(t, () => {
    const stream = new Slow({ highWaterMark: 1 });
    const writer = new Writer(stream);
    writer.write('first');
    group((g) => {
      const cancelled = g.spawn(() => writer.write('cancelled'));
      g.spawn(() => writer.write('last'));
      sleep(0);
      cancelled.cancel();
      t.is((caught(() => cancelled.join()) as Error).name, 'AbortError');
      while (stream.confirm()) sleep(1);
    });
    t.is(stream.seen, 'firstlast');
  }));

test('flush sleeps until everything is out', (t) =>
  inTask(t, () => {
    const stream = new Slow();
    const writer = new Writer(stream);
    writer.flush();
    writer.write('a');
    writer.write('b');
    refused(t, 'ERR_TIMEOUT', () => timeout(5, () => writer.flush()));
    setImmediate(() => {
      stream.confirm();
      setImmediate(() => stream.confirm());
    });
    writer.flush();
    t.is(stream.seen, 'ab');
  }));

test('end flushes, ends the stream and sleeps until it has finished; twice is once', (t) =>
  inTask(t, () => {
    const finals: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        finals.push(chunk.toString());
        setImmediate(callback);
      },
      final(callback) {
        finals.push('final');
        setTimeout(callback, 5);
      },
    });
    const writer = new Writer(stream);
    writer.write('x');
    writer.end();
    t.true(stream.writableFinished);
    t.deepEqual(finals, ['x', 'final']);
    writer.end();
    writer.flush();
    refused(t, 'ERR_STREAM_ENDED', () => writer.write('y'));
  }));

test('a cancelled end has not ended the stream; once the end is on its way, it returns', (t) =>
  inTask(t, () => {
    const stream = new Slow();
    const writer = new Writer(stream);
    writer.write('x');
    refused(t, 'ERR_TIMEOUT', () => timeout(5, () => writer.end()));
    t.false(stream.writableEnded);
    writer.write('y');
    const controller = new AbortController();
    const stuck = new Writable({
      final: () => {
        setImmediate(() => {
          controller.abort();
        });
      },
    });
    const steps: string[] = [];
    const error = caught(() => {
      abortable(controller.signal, () => {
        new Writer(stuck).end();
        steps.push('ended');
        sleep(0);
      });
    });
    t.is((error as Error).name, 'AbortError');
    t.deepEqual(steps, ['ended']);
    t.true(stuck.writableEnded);
  }));

test('the error of a stream is thrown by every later call, and by those that sleep', (t) =>
  inTask(t, () => {
    const broken = new Error('broken');
    const stream = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, callback) => setTimeout(callback, 5, broken),
    });
    const writer = new Writer(stream);
    writer.write('a');
    group((g) => {
      g.spawn(() =>
        t.is(
          caught(() => writer.write('b')),
          broken,
        ),
      );
      g.spawn(() =>
        t.is(
          caught(() => writer.flush()),
          broken,
        ),
      );
      g.spawn(() =>
        t.is(
          caught(() => writer.end()),
          broken,
        ),
      );
    });
    t.is(
      caught(() => writer.write('c')),
      broken,
    );
    t.is(
      caught(() => writer.flush()),
      broken,
    );
  }));

test('a stream that is destroyed wakes whoever sleeps in it', (t) =>
  inTask(t, () => {
    const stream = new Slow({ highWaterMark: 1 });
    const writer = new Writer(stream);
    writer.write('a');
    group((g) => {
      g.spawn(() => refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => writer.write('b')));
      g.spawn(() => refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => writer.flush()));
      yieldNow();
      stream.destroy();
    });
    refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => writer.write('c'));
  }));

test('a stream that somebody else ends wakes the writers that wait for room', (t) =>
  inTask(t, () => {
    const stream = new Slow({ highWaterMark: 1 });
    const writer = new Writer(stream);
    writer.write('a');
    group((g) => {
      g.spawn(() => refused(t, 'ERR_STREAM_ENDED', () => writer.write('b')));
      yieldNow();
      stream.end();
      stream.confirm();
    });
  }));

test('bad arguments are told by name, and nothing is written', async (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Writer(undefined as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Writer({} as never));
  refused(t, 'ERR_FIBER_NOT_IN_FIBER', () => new Writer(new PassThrough()).write('x'));
  await inTask(t, () => {
    const writer = new Writer(new PassThrough());
    for (const chunk of [null, undefined, 1, {}, ['a']]) {
      refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => writer.write(chunk));
      refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => writer.writeAll(['a', chunk]));
    }
    t.truthy(caught(() => writer.write('x', 'klingon' as never)));
    writer.flush();
    t.is(writer.stream.writableLength, 0);
  });
});

test('a stream in object mode takes any value', (t) =>
  inTask(t, () => {
    const stream = new PassThrough({ objectMode: true });
    const writer = new Writer(stream);
    writer.write({ a: 1 });
    writer.writeAll([1, ['b']]);
    t.deepEqual([stream.read(), stream.read(), stream.read()], [{ a: 1 }, 1, ['b']]);
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => writer.write(null));
  }));
