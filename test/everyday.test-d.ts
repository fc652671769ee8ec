import * as fs from 'node:fs';
import type { EventEmitter } from 'node:events';

import { expectTypeOf } from 'expect-type';
import {
  all,
  any,
  Channel,
  every,
  fetch,
  generate,
  iterate,
  map,
  race,
  rateLimit,
  retry,
  sync,
  type RateLimit,
} from 'greenfiber';
import { on, once } from 'greenfiber/events';
import Fiber from 'greenfiber/fibers';
import Future from 'greenfiber/fibers/future';
import * as blocking from 'greenfiber/fs';
import { exec, execFile, spawn, type Child } from 'greenfiber/process';

// Functions at the same time.
expectTypeOf(all([() => 1, () => 'a', async () => Promise.resolve(true)])).toEqualTypeOf<
  [number, string, boolean]
>();
expectTypeOf(race([() => 1, () => 2])).toEqualTypeOf<number>();
expectTypeOf(any([() => 'a', async () => Promise.resolve('b')])).toEqualTypeOf<string>();
expectTypeOf(map([1, 2], (n, i) => String(n + i))).toEqualTypeOf<string[]>();
expectTypeOf(map(new Set(['a']), async (s) => Promise.resolve(s.length))).toEqualTypeOf<number[]>();
expectTypeOf(retry((attempt) => attempt > 1)).toEqualTypeOf<boolean>();
expectTypeOf(rateLimit(1, 1)).toEqualTypeOf<RateLimit>();
for (const tick of every(1)) expectTypeOf(tick).toEqualTypeOf<number>();
// @ts-expect-error: functions, no promises
all([Promise.resolve(1)]);

// Iteration.
for (const chunk of iterate(fs.createReadStream('x'))) expectTypeOf(chunk).toBeAny();
for (const n of iterate({} as AsyncGenerator<number>)) expectTypeOf(n).toEqualTypeOf<number>();
expectTypeOf(fetch('http://x')).toEqualTypeOf<Response>();
expectTypeOf(new Channel<number>()).toExtend<AsyncIterable<number>>();
for (const n of generate((emit: (n: number) => void) => {
  emit(1);
})) {
  expectTypeOf(n).toEqualTypeOf<number>();
}

// The overloads of functions go through.
const readFile = sync.callback(fs.readFile);
expectTypeOf(readFile('x', 'utf8')).toEqualTypeOf<string>();
expectTypeOf(readFile('x')).toExtend<Buffer>();
expectTypeOf(sync.callback(fs.stat)('x')).toEqualTypeOf<fs.Stats>();
expectTypeOf(sync(fs.promises.readFile)('x', 'utf8')).toEqualTypeOf<string>();
expectTypeOf(sync(async <T>(value: T) => Promise.resolve([value]))('x')).toEqualTypeOf<string[]>();
expectTypeOf(
  sync.callback((n: number, done: (error: unknown, value: string) => void) => {
    done(undefined, String(n));
  })(1),
).toEqualTypeOf<string>();

// Files.
expectTypeOf(blocking.readFile('x', 'utf8')).toEqualTypeOf<string>();
expectTypeOf(blocking.readFile('x')).toExtend<Buffer>();
expectTypeOf(blocking.readdir('x')).toEqualTypeOf<string[]>();
expectTypeOf(blocking.readdir('x', { withFileTypes: true })[0]!.name).toEqualTypeOf<string>();
expectTypeOf(blocking.stat('x', { bigint: true })).toEqualTypeOf<fs.BigIntStats>();
expectTypeOf(blocking.mkdir('x')).toEqualTypeOf<void>();
expectTypeOf(blocking.open('x').readFile('utf8')).toEqualTypeOf<string>();
for (const line of blocking.open('x').lines()) expectTypeOf(line).toEqualTypeOf<string>();
for (const { filename } of blocking.watch('x')) {
  expectTypeOf(filename).toEqualTypeOf<string | null>();
}
// @ts-expect-error: no such argument
blocking.readFile(new Date());

// Processes.
expectTypeOf(exec('x').stdout).toEqualTypeOf<string>();
expectTypeOf(execFile('x', [], { encoding: 'buffer' }).stdout).toExtend<Buffer>();
expectTypeOf(spawn('x').pipe(spawn('y'))).toEqualTypeOf<Child>();

// Events.
declare const typed: EventEmitter<{ line: [text: string, number: number]; end: [] }>;
declare const untyped: EventEmitter;
const [text, number] = once(typed, 'line');
expectTypeOf([text, number] as const).toEqualTypeOf<readonly [string, number]>();
for (const [line] of on(typed, 'line')) expectTypeOf(line).toEqualTypeOf<string>();
for (const [line] of on<[Date]>(untyped, 'line')) expectTypeOf(line).toEqualTypeOf<Date>();
expectTypeOf(once(untyped, 'x')).toEqualTypeOf<unknown[]>();
expectTypeOf(once(new EventTarget(), 'x')).toEqualTypeOf<[Event]>();

// What compiles with @types/fibers.
const fiber = new Fiber(function (first: number, ...rest: number[]) {
  return first + rest.length;
});
const body: Function = () => 1; // eslint-disable-line @typescript-eslint/no-unsafe-function-type -- as there
Fiber(body).run(1).toFixed();
fiber.throwInto(new Error('x'));
const name: string = Fiber.yield().name;
expectTypeOf(name).toEqualTypeOf<string>();
expectTypeOf(fiber.run<number, Date>(1)).toEqualTypeOf<Date>();
const future = new Future<string>();
future.return('x');
expectTypeOf(future.wait()).toEqualTypeOf<string>();
new Future().return(5);
expectTypeOf(Future.task(() => 1).wait()).toEqualTypeOf<number>();
expectTypeOf(body.future<Date>()().wait()).toEqualTypeOf<Date>();
