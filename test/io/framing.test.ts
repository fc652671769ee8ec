import { PassThrough } from 'node:stream';

import test from 'ava';
import { abortable, group, yieldNow } from 'greenfiber';
import { frames, LengthPrefixed, LineFraming, Reader, Writer } from 'greenfiber/io';

import { refused } from '../helpers/codes';
import { caught, inTask } from '../helpers/in-task';

for (const lengthBytes of [1, 2, 4] as const) {
  for (const endian of ['big', 'little'] as const) {
    test(`length-prefixed frames: ${lengthBytes} bytes, ${endian} endian`, (t) =>
      inTask(t, () => {
        const framing = new LengthPrefixed({ lengthBytes, endian });
        const stream = new PassThrough();
        const [reader, writer] = [new Reader(stream), new Writer(stream)];
        const sent = ['', 'a', 'x'.repeat(200)].map((text) => Buffer.from(text));
        group((g) => {
          g.spawn(() => {
            for (const frame of sent) framing.write(writer, frame);
            writer.end();
          });
          t.deepEqual([...frames(reader, framing)], sent);
          t.is(framing.read(reader), null);
        });
      }));
  }
}

test('the length is on the wire as the options say', (t) =>
  inTask(t, () => {
    for (const [options, header] of [
      [{ lengthBytes: 1 }, [3]],
      [{ lengthBytes: 2 }, [0, 3]],
      [{ lengthBytes: 2, endian: 'little' }, [3, 0]],
      [{}, [0, 0, 0, 3]],
      [{ endian: 'little' }, [3, 0, 0, 0]],
    ] as const) {
      const stream = new PassThrough();
      new LengthPrefixed(options).write(new Writer(stream), Buffer.from('abc'));
      const written = new Reader(stream.end()).readAll();
      t.deepEqual(written, Buffer.from([...header, ...Buffer.from('abc')]));
    }
  }));

test('a frame that comes byte by byte is whole', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const reader = new Reader(stream);
    group((g) => {
      const frame = g.spawn(() => new LengthPrefixed({ lengthBytes: 2 }).read(reader));
      for (const byte of [0, 3, 97, 98, 99]) {
        yieldNow();
        stream.write(Buffer.of(byte));
      }
      t.is(frame.join()?.toString(), 'abc');
    });
  }));

test('a frame above the limit stays unread, and is not waited for', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const reader = new Reader(stream);
    const framing = new LengthPrefixed({ maxLength: 10 });
    stream.write(Buffer.of(0xff, 0xff, 0xff, 0xff, 1));
    refused(t, 'ERR_FRAME_TOO_LONG', () => framing.read(reader));
    refused(t, 'ERR_FRAME_TOO_LONG', () => framing.read(reader));
    t.is(reader.buffered, 5);
    const writer = new Writer(new PassThrough());
    refused(t, 'ERR_FRAME_TOO_LONG', () => framing.write(writer, Buffer.alloc(11)));
    t.is(writer.stream.writableLength, 0);
  }));

test('a stream that ends in the middle of a length or of a frame is truncated', (t) =>
  inTask(t, () => {
    for (const bytes of [[0], [0, 2], [0, 2, 97]]) {
      const stream = new PassThrough().end(Buffer.from(bytes));
      const reader = new Reader(stream);
      refused(t, 'ERR_STREAM_TRUNCATED', () => new LengthPrefixed({ lengthBytes: 2 }).read(reader));
    }
  }));

test('a read of a frame that is cancelled after its length takes nothing', (t) =>
  inTask(t, () => {
    const framing = new LengthPrefixed({ lengthBytes: 1 });
    const stream = new PassThrough();
    const reader = new Reader(stream);
    for (const byte of [2, 97, 98]) {
      const controller = new AbortController();
      setImmediate(() => {
        controller.abort();
      });
      t.is(
        (caught(() => abortable(controller.signal, () => framing.read(reader))) as Error).name,
        'AbortError',
      );
      stream.write(Buffer.of(byte));
    }
    t.is(framing.read(reader)?.toString(), 'ab');
  }));

test('frames of several tasks do not mix', (t) =>
  inTask(t, () => {
    const framing = new LengthPrefixed({ lengthBytes: 2 });
    const stream = new PassThrough({ highWaterMark: 16 });
    const [reader, writer] = [new Reader(stream), new Writer(stream)];
    group((g) => {
      const tasks = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) =>
        g.spawn(() => {
          for (let i = 1; i < 40; i++) framing.write(writer, Buffer.alloc(i, letter));
        }),
      );
      g.spawn(() => {
        for (const task of tasks) task.join();
        writer.end();
      });
      let count = 0;
      for (const frame of frames(reader, framing)) {
        t.is(new Set(frame).size, 1);
        count++;
      }
      t.is(count, 6 * 39);
    });
  }));

test('lines are framed with either end', (t) =>
  inTask(t, () => {
    const stream = new PassThrough();
    const [reader, writer] = [new Reader(stream), new Writer(stream)];
    new LineFraming().write(writer, 'unix');
    new LineFraming({ newline: '\r\n' }).write(writer, 'größer');
    t.is(reader.peek(5)?.toString(), 'unix\n');
    writer.end();
    t.deepEqual([...frames(reader, new LineFraming())], ['unix', 'größer']);
  }));

test('a line cannot smuggle another one in, nor be longer than the limit', (t) =>
  inTask(t, () => {
    const writer = new Writer(new PassThrough());
    const framing = new LineFraming({ maxLength: 4 });
    refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => framing.write(writer, 'a\nb'));
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => framing.write(writer, 1 as never));
    refused(t, 'ERR_FRAME_TOO_LONG', () => framing.write(writer, 'äää'));
    framing.write(writer, 'ää');
    const reader = new Reader(new PassThrough().end('12345\n'));
    refused(t, 'ERR_FRAME_TOO_LONG', () => framing.read(reader));
  }));

test('bad options are told by name', (t) => {
  for (const options of [
    { lengthBytes: 3 },
    { lengthBytes: '4' },
    { endian: 'middle' },
    { maxLength: -1 },
    { lengthBytes: 1, maxLength: 256 },
  ]) {
    const error = refused(
      t,
      'ERR_FIBER_INVALID_ARG_VALUE',
      () => new LengthPrefixed(options as never),
    );
    t.regex(error?.message ?? '', /^options\.(lengthBytes|endian|maxLength) /);
  }
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => new LengthPrefixed(1 as never));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new LineFraming({ newline: '\r' as never }));
  refused(t, 'ERR_FIBER_INVALID_ARG_VALUE', () => new LineFraming({ maxLength: 0 }));
  refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () =>
    new LengthPrefixed().write(new Writer(new PassThrough()), 'text' as never),
  );
});
