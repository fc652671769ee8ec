import { PassThrough, Readable } from 'node:stream';

import test from 'ava';
import { abortable, group, Scheduler, sleep, timeout, yieldNow } from 'greenfiber';
import { ObjectReader, Reader } from 'greenfiber/io';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';

/** A Readable that is given the chunks one by one, with a pause between. */
function trickle(...chunks: string[]): PassThrough {
  const stream = new PassThrough();
  void (async () => {
    for (const chunk of chunks) {
      await new Promise((resolve) => setImmediate(resolve));
      stream.write(chunk);
    }
    await new Promise((resolve) => setImmediate(resolve));
    stream.end();
  })();
  return stream;
}

test('read answers what has come, and null at the end, again and again', (t) =>
  inTask(t, () => {
    const reader = new Reader(trickle('one', 'two'));
    t.is(reader.read()?.toString(), 'one');
    t.is(reader.read()?.toString(), 'two');
    t.is(reader.read(), null);
    t.is(reader.read(), null);
  }));

test('readLine answers lines however they are cut into chunks', (t) =>
  inTask(t, () => {
    const reader = new Reader(
      trickle('first\nsec', 'ond\r', '\n\n', 'grü\u00df', 'e 👋\nla', 'st'),
    );
    t.deepEqual([...reader.lines()], ['first', 'second', '', 'grüße 👋', 'last']);
    t.is(reader.readLine(), null);
  }));

test('a character of several bytes may be cut anywhere', (t) =>
  inTask(t, () => {
    const bytes = Buffer.from('ä👋\n');
    const reader = new Reader(
      Readable.from(
        [...bytes].map((byte) => Buffer.of(byte)),
        { objectMode: false },
      ),
    );
    t.is(reader.readLine(), 'ä👋');
  }));

test('a carriage return belongs to the line unless a newline follows', (t) =>
  inTask(t, () => {
    const reader = new Reader(trickle('a\rb\nc\r'));
    t.deepEqual([...reader.lines()], ['a\rb', 'c\r']);
  }));

test('a line that is too long stays unread, and says so each time', (t) =>
  inTask(t, () => {
    const reader = new Reader(trickle('123456', '7\nnext\n'));
    refused(t, 'ERR_FRAME_TOO_LONG', () => reader.readLine(5));
    refused(t, 'ERR_FRAME_TOO_LONG', () => reader.readLine(6));
    t.is(reader.readLine(7), '1234567');
    t.is(reader.readLine(4), 'next');
  }));

test('the line end does not count towards the longest line', (t) =>
  inTask(t, () => {
    t.is(new Reader(trickle('12345\r', '\n')).readLine(5), '12345');
    t.is(new Reader(trickle('12345')).readLine(5), '12345');
    refused(t, 'ERR_FRAME_TOO_LONG', () => new Reader(trickle('12345\r')).readLine(5));
  }));

test('a line that never ends is not gathered beyond its limit', (t) =>
  inTask(t, () => {
    let given = 0;
    const stream = new Readable({
      read(size) {
        given += size;
        this.push(Buffer.alloc(size, 'x'));
      },
    });
    const reader = new Reader(stream);
    refused(t, 'ERR_FRAME_TOO_LONG', () => reader.readLine(100_000));
    t.true(given < 100_000 + 4 * stream.readableHighWaterMark, String(given));
    stream.destroy();
  }));

test('readExactly cuts and joins chunks as it needs them', (t) =>
  inTask(t, () => {
    const reader = new Reader(trickle('abc', 'defg', 'h'));
    t.is(reader.readExactly(2)?.toString(), 'ab');
    t.is(reader.readExactly(4)?.toString(), 'cdef');
    t.is(reader.readExactly(0)?.length, 0);
    t.is(reader.read()?.toString(), 'g');
    t.is(reader.readExactly(1)?.toString(), 'h');
    t.is(reader.readExactly(1), null);
  }));

test('readExactly says when the stream ends too early, and the bytes stay', (t) =>
  inTask(t, () => {
    const reader = new Reader(trickle('abc'));
    refused(t, 'ERR_STREAM_TRUNCATED', () => reader.readExactly(4));
    refused(t, 'ERR_STREAM_TRUNCATED', () => reader.peek(4));
    t.is(reader.buffered, 3);
    t.is(reader.peek(2)?.toString(), 'ab');
    t.is(reader.readExactly(3)?.toString(), 'abc');
  }));

test('readAll answers what is left, up to a limit', (t) =>
  inTask(t, () => {
    t.is(new Reader(trickle('a\nb', 'c')).readAll().toString(), 'a\nbc');
    t.is(new Reader(trickle()).readAll().length, 0);
    const reader = new Reader(trickle('12345', '6'));
    refused(t, 'ERR_FRAME_TOO_LONG', () => reader.readAll(5));
    t.is(reader.readAll(6).toString(), '123456');
  }));

test('iteration answers the chunks, and leaving it early leaves the rest', (t) =>
  inTask(t, () => {
    const reader = new Reader(trickle('a', 'b', 'c'));
    for (const chunk of reader) {
      t.is(chunk.toString(), 'a');
      break;
    }
    t.is([...reader].join(''), 'bc');
  }));

test('while nobody reads, the source is stopped at the high-water mark', (t) =>
  inTask(t, () => {
    let given = 0;
    const stream = new Readable({
      highWaterMark: 1000,
      read(size) {
        given += size;
        setImmediate(() => this.push(Buffer.alloc(size)));
      },
    });
    const reader = new Reader(stream);
    t.is(reader.read()?.length, 1000);
    sleep(20);
    t.true(given <= 3000, String(given));
    stream.destroy();
  }));

test('the error of a stream is thrown by every read, after what came before it', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const reader = new Reader(stream);
    const broken = new Error('broken');
    stream.write('line\nrest');
    t.is(reader.readLine(), 'line');
    setImmediate(() => stream.destroy(broken));
    t.is(
      caught(() => reader.readLine()),
      broken,
    );
    t.is(
      caught(() => reader.readExactly(5)),
      broken,
    );
    t.is(reader.read()?.toString(), 'rest');
    t.is(
      caught(() => reader.read()),
      broken,
    );
  }));

test('an error that comes while nobody reads does not end the process, and waits for the next read', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const reader = new Reader(stream);
    const broken = new Error('broken');
    stream.destroy(broken);
    sleep(5);
    t.is(
      caught(() => reader.read()),
      broken,
    );
  }));

test('a stream that had failed before it got a reader throws its error', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const broken = new Error('broken');
    stream.on('error', () => undefined).destroy(broken);
    sleep(5);
    t.is(
      caught(() => new Reader(stream).read()),
      broken,
    );
  }));

test('a stream that is destroyed before its end is a premature close', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const reader = new Reader(stream);
    setImmediate(() => stream.destroy());
    refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => reader.read());
    refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => reader.readAll());
    const ended = Readable.from(['x'], { objectMode: false });
    t.is(new Reader(ended).readAll().toString(), 'x');
    const late = new PassThrough().destroy();
    refused(t, 'ERR_STREAM_PREMATURE_CLOSE', () => new Reader(late).read());
  }));

test('a second task that reads at the same time is told so, and the first goes on', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const reader = new Reader(stream);
    group((g) => {
      const first = g.spawn(() => reader.readLine());
      yieldNow();
      refused(t, 'ERR_STREAM_BUSY', () => reader.read());
      refused(t, 'ERR_STREAM_BUSY', () => reader.readLine());
      refused(t, 'ERR_STREAM_BUSY', () => reader.readExactly(1));
      refused(t, 'ERR_STREAM_BUSY', () => {
        reader.release();
      });
      stream.end('line\nmore');
      t.is(first.join(), 'line');
      t.is(reader.read()?.toString(), 'more');
    });
  }));

test('a stream has one reader, and no other consumer beside it', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const reader = new Reader(stream);
    refused(t, 'ERR_STREAM_BUSY', () => new Reader(stream));
    reader.release();
    new Reader(stream).release();
    const flowing = new PassThrough().on('data', () => undefined);
    refused(t, 'ERR_STREAM_BUSY', () => new Reader(flowing));
  }));

test('release puts back what was not read', (t) =>
  inTask(t, () => {
    const stream = trickle('head\nbo', 'dy');
    const reader = new Reader(stream);
    t.is(reader.readLine(), 'head');
    t.is(reader.peek(2)?.toString(), 'bo');
    reader.release();
    t.is(new Reader(stream).readAll().toString(), 'body');
  }));

for (const [what, call, rest] of [
  ['read', (reader: Reader) => reader.read(), 'abc\n'],
  ['readLine', (reader: Reader) => reader.readLine(), 'abc\n'],
  ['readExactly', (reader: Reader) => reader.readExactly(4), 'abc\n'],
  ['readAll', (reader: Reader) => reader.readAll(), 'abc\n'],
] as const) {
  test(`a cancelled ${what} takes nothing`, (t) =>
    inTask(t, () => {
      const stream = new PassThrough();
      const reader = new Reader(stream);
      if (what !== 'read') stream.write('a');
      refused(t, 'ERR_TIMEOUT', () => timeout(5, () => call(reader)));
      if (what !== 'read') stream.write('b');
      const reason = new Error('enough');
      const controller = new AbortController();
      setImmediate(() => {
        controller.abort(reason);
      });
      t.is(
        caught(() => abortable(controller.signal, () => call(reader))),
        reason,
      );
      stream.end(what === 'read' ? 'abc\n' : 'c\n');
      t.is(
        caught(() => abortable(controller.signal, () => call(reader))),
        reason,
      );
      t.is(reader.readAll().toString(), rest);
    }));
}

test('cancelled at the same moment as the data comes, a read has either happened or taken nothing', (t) =>
  inTask(t, () => {
    for (let round = 0; round < 200; round++) {
      const stream = new PassThrough();
      const reader = new Reader(stream);
      const controller = new AbortController();
      const steps = [
        () => stream.write('x'),
        () => {
          controller.abort();
        },
      ];
      if ((round & 1) === 1) steps.reverse();
      const later = [setImmediate, process.nextTick, queueMicrotask];
      const [first, second] = [later[round % 3], later[Math.floor(round / 3) % 3]];
      const progress = { done: false };
      first?.(() => {
        steps[0]?.();
        second?.(() => {
          steps[1]?.();
          progress.done = true;
        });
      });
      let seen = '';
      const error = caught(() => {
        abortable(controller.signal, () => {
          seen += reader.read()?.toString() ?? '';
        });
      });
      while (!progress.done) sleep(0);
      stream.end('y');
      seen += reader.readAll().toString();
      t.is(seen, 'xy', `round ${round}, ${String(error)}`);
    }
  }));

test('bad arguments are told by name', async (t) => {
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Reader(undefined as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new Reader({} as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new Reader(Readable.from([1])));
  refused(
    t,
    'ERR_FIBER_INVALID_ARG_VALUE',
    () => new Reader(new PassThrough().setEncoding('utf8')),
  );
  await inTask(t, () => {
    const reader = new Reader(new PassThrough());
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => reader.readExactly(-1));
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => reader.readExactly(1.5));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => reader.readExactly('1' as never));
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => reader.readLine(0));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => reader.readAll('1' as never));
  });
});

test('outside of tasks a read does not block the event loop but throws', (t) => {
  const reader = new Reader(trickle('x'));
  for (const call of [
    () => reader.read(),
    () => reader.readLine(),
    () => reader.readExactly(1),
    () => reader.readAll(),
  ]) {
    refused(t, 'ERR_FIBER_NOT_IN_FIBER', call);
  }
  t.is(Scheduler.default.stats().alive, 0);
});

test('ObjectReader answers the values of a stream in object mode, and strings of a decoded one', (t) =>
  inTask(t, () => {
    const values = [{ a: 1 }, 'two', 3];
    const objects = new ObjectReader(Readable.from(values));
    t.is(objects.read(), values[0]);
    t.deepEqual([...objects], ['two', 3]);
    t.is(objects.read(), null);
    const strings = new ObjectReader<string>(trickle('grü', 'ße').setEncoding('utf8'));
    t.is([...strings].join(''), 'grüße');
    const failing = new ObjectReader(
      Readable.from(
        (function* () {
          yield 1;
          throw new RangeError('no more');
        })(),
      ),
    );
    t.is(failing.read(), 1);
    t.true(caught(() => failing.read()) instanceof RangeError);
  }));
