import { expectTypeOf } from 'expect-type';
import {
  configure,
  engine,
  Fiber,
  FiberError,
  FiberKilled,
  isSupported,
  stats,
  type Configuration,
  type FiberErrorCode,
  type FiberOptions,
  type FiberState,
  type MainStack,
  type Stats,
} from 'greenfiber';

// A fiber's three types: what it yields, what it returns, what it is resumed with.
const fiber = new Fiber<number, string, boolean>((first) => {
  expectTypeOf(first).toEqualTypeOf<boolean>();
  expectTypeOf(Fiber.yield(1)).toEqualTypeOf<unknown>();
  expectTypeOf(Fiber.yield<boolean>(1)).toEqualTypeOf<boolean>();
  expectTypeOf(Fiber.yield).parameters.toEqualTypeOf<[value?: unknown]>();
  return 'end';
});
expectTypeOf(fiber.resume).parameter(0).toEqualTypeOf<boolean | undefined>();
expectTypeOf(fiber.resume(true)).toEqualTypeOf<number | string>();
expectTypeOf(fiber.throw).parameters.toEqualTypeOf<[error: unknown]>();
expectTypeOf(fiber.throw(0)).toEqualTypeOf<number | string>();
expectTypeOf(fiber.return).parameter(0).toEqualTypeOf<string | undefined>();
expectTypeOf(fiber.return()).toEqualTypeOf<IteratorResult<number, string>>();
expectTypeOf(fiber.next(true)).toEqualTypeOf<IteratorResult<number, string>>();
expectTypeOf(fiber.transfer).parameter(0).toEqualTypeOf<boolean | undefined>();
expectTypeOf(fiber.transfer()).toEqualTypeOf<unknown>();
expectTypeOf(Fiber.main).toEqualTypeOf<MainStack>();
expectTypeOf(Fiber.main.transfer).toEqualTypeOf<(value?: unknown) => unknown>();
expectTypeOf(Fiber.main.state).toEqualTypeOf<'running' | 'resuming' | 'suspended'>();

const result = fiber.next();
if (result.done === true) expectTypeOf(result.value).toEqualTypeOf<string>();
else expectTypeOf(result.value).toEqualTypeOf<number>();

// @ts-expect-error: it is resumed with a boolean
fiber.resume(1);
// @ts-expect-error: it returns a string
fiber.return(1);
// @ts-expect-error: the body returns a string
new Fiber<number, string>(() => 1);
// @ts-expect-error: a body is needed
new Fiber();

// The types default to unknown, and the body's are inferred.
expectTypeOf<Fiber>().toEqualTypeOf<Fiber<unknown, unknown, unknown>>();
expectTypeOf(new Fiber(() => 1)).toEqualTypeOf<Fiber<unknown, number, unknown>>();
expectTypeOf(new Fiber((first: Date) => first)).toEqualTypeOf<Fiber<unknown, Date, Date>>();

// Iteration and disposal.
expectTypeOf(fiber).toExtend<Iterable<number>>();
expectTypeOf(fiber).toExtend<Disposable>();
expectTypeOf(fiber[Symbol.iterator]()).toExtend<IterableIterator<number>>();
expectTypeOf(fiber[Symbol.dispose]()).toEqualTypeOf<void>();
for (const value of fiber) expectTypeOf(value).toEqualTypeOf<number>();
expectTypeOf([...fiber]).toEqualTypeOf<number[]>();

// Properties.
expectTypeOf(Fiber.current).toEqualTypeOf<Fiber | undefined>();
expectTypeOf(fiber.state).toEqualTypeOf<FiberState>();
expectTypeOf<FiberState>().toEqualTypeOf<
  'created' | 'running' | 'resuming' | 'suspended' | 'finished'
>();
expectTypeOf(fiber.done).toEqualTypeOf<boolean>();
expectTypeOf(fiber.id).toEqualTypeOf<number>();
expectTypeOf(fiber.name).toEqualTypeOf<string>();
expectTypeOf(fiber.stack).toEqualTypeOf<string>();
fiber.name = 'new';
// @ts-expect-error: read-only
fiber.state = 'finished';
// @ts-expect-error: read-only
fiber.done = true;
// @ts-expect-error: read-only
fiber.id = 1;
// @ts-expect-error: read-only
fiber.stack = '';
// @ts-expect-error: read-only
Fiber.current = fiber;
// @ts-expect-error: read-only
Fiber.yield = () => undefined as never;
expectTypeOf(Fiber.isYieldable()).toEqualTypeOf<boolean>();

// Options.
expectTypeOf<FiberOptions>().toEqualTypeOf<{ name?: string; stackSize?: number }>();
expectTypeOf<Configuration>().toEqualTypeOf<{ stackSize?: number; poolSize?: number }>();
expectTypeOf(configure).toEqualTypeOf<(configuration: Configuration) => void>();
new Fiber(() => 1, {});
new Fiber(() => 1, { name: 'a', stackSize: 1 << 17 });
// @ts-expect-error: a number
new Fiber(() => 1, { stackSize: '64k' });
// @ts-expect-error: a string
new Fiber(() => 1, { name: 1 });

// A subclass keeps the types.
class Numbers extends Fiber<number, void, void> {}
expectTypeOf(new Numbers(() => undefined).resume()).toEqualTypeOf<number | void>();

// Errors.
expectTypeOf<FiberError>().toExtend<Error>();
expectTypeOf<FiberKilled>().toExtend<FiberError>();
declare const error: FiberError;
expectTypeOf(error.code).toEqualTypeOf<FiberErrorCode>();
expectTypeOf(error.code).toExtend<string>();

// The module.
expectTypeOf(engine).toEqualTypeOf<'direct' | 'locker' | 'none'>();
expectTypeOf(isSupported).toEqualTypeOf<boolean>();
expectTypeOf(stats()).toEqualTypeOf<Stats>();
expectTypeOf(stats().stacks.total).toEqualTypeOf<number>();

// Tasks: the types go through.
import {
  fiberize,
  group,
  spawn,
  sync,
  timeout,
  wait,
  type Group,
  type Task,
  type TimeLimit,
} from 'greenfiber';
import { simulate, type SimulationReport } from 'greenfiber/testing';

const task = spawn((a: number, b: string) => `${a}${b}`, 1, 'x');
expectTypeOf(task).toEqualTypeOf<Task<string>>();
expectTypeOf(task.join()).toEqualTypeOf<string>();
expectTypeOf(task.then((value) => value.length)).toEqualTypeOf<Promise<number>>();
expectTypeOf(wait(Promise.resolve(1))).toEqualTypeOf<number>();
expectTypeOf(sync((n: number) => Promise.resolve(String(n)))(1)).toEqualTypeOf<string>();
expectTypeOf(fiberize((n: number) => n)(1)).toEqualTypeOf<Promise<number>>();
expectTypeOf(timeout(1, () => true)).toEqualTypeOf<boolean>();
timeout(1, (limit) => {
  expectTypeOf(limit).toEqualTypeOf<TimeLimit>();
});
group((g) => {
  expectTypeOf(g).toEqualTypeOf<Group>();
  expectTypeOf(g.spawn(() => 1)).toEqualTypeOf<Task<number>>();
});
expectTypeOf(simulate(() => undefined)).toEqualTypeOf<Promise<SimulationReport>>();
// Seeing inside.
import {
  dumpOn,
  format,
  serve,
  snapshot,
  type InspectServer,
  type Snapshot,
} from 'greenfiber/inspect';

expectTypeOf(snapshot()).toEqualTypeOf<Snapshot>();
expectTypeOf(snapshot({ limit: 1 }).tasks[0]?.sleep?.since).toEqualTypeOf<
  number | null | undefined
>();
expectTypeOf(format(snapshot())).toEqualTypeOf<string>();
expectTypeOf(serve({ port: 0 })).toEqualTypeOf<Promise<InspectServer>>();
expectTypeOf(dumpOn('SIGUSR2').dispose).toEqualTypeOf<() => void>();
// @ts-expect-error: no signal
dumpOn('SIGNAL');
// @ts-expect-error: the arguments are those of the function
spawn((a: number) => a, 'x');

// Effects.
import { answer, effect, generate, handle, on, type Continuation, type Effect } from 'greenfiber';

const Question = effect<string, number>('Question');
const Signal = effect('Signal');
expectTypeOf(Question).toEqualTypeOf<Effect<string, number>>();
expectTypeOf(Question.perform('?')).toEqualTypeOf<number>();
expectTypeOf(Signal.perform()).toEqualTypeOf<void>();
const handled = handle(
  () => 'text',
  on(Question, (question, k) => {
    expectTypeOf(question).toEqualTypeOf<string>();
    expectTypeOf(k).toEqualTypeOf<Continuation<number, string>>();
    return k.resume(1);
  }),
  on(Signal, (_, k) => k.tailResume()),
  answer(effect<boolean, Date>('Other'), (payload) => {
    expectTypeOf(payload).toEqualTypeOf<boolean>();
    return new Date();
  }),
);
expectTypeOf(handled).toEqualTypeOf<string>();
for (const value of generate<number>((emit) => {
  emit(1);
})) {
  expectTypeOf(value).toEqualTypeOf<number>();
}
// @ts-expect-error: the payload's type
Question.perform(1);
// @ts-expect-error: an answer of the effect's type
answer(Question, () => 'text');
// @ts-expect-error: a clause is made by on or answer
handle(() => 1, {});
handle(
  (): string => '',
  // @ts-expect-error: what the clause returns is what handle answers
  on(Signal, () => 5),
);
// Channels, select and locals.
import { Channel, FiberLocal, Mutex, Once, select, type Received } from 'greenfiber';

declare const numbers: Channel<number>;
declare const words: Channel<string>;
expectTypeOf(numbers.receive()).toEqualTypeOf<Received<number>>();
expectTypeOf(numbers.tryReceive()).toEqualTypeOf<Received<number> | undefined>();
for (const item of numbers) expectTypeOf(item).toEqualTypeOf<number>();
const chosen = select([
  { receive: numbers },
  { send: words, value: 'x' },
  { settled: Promise.resolve(true) },
  { after: 1 },
]);
if (chosen.index === 0) expectTypeOf(chosen.value).toEqualTypeOf<Received<number>>();
if (chosen.index === 1) expectTypeOf(chosen.value).toEqualTypeOf<undefined>();
if (chosen.index === 2) expectTypeOf(chosen.value).toEqualTypeOf<boolean>();
const orNot = select.biased([{ receive: words }], { default: 5 });
if (orNot.index === -1) expectTypeOf(orNot.value).toEqualTypeOf<5>();
expectTypeOf(new Mutex().run(() => 1)).toEqualTypeOf<number>();
expectTypeOf(new Once<string>().run(() => 'x')).toEqualTypeOf<string>();
const local = new FiberLocal<number>();
expectTypeOf(local.get()).toEqualTypeOf<number | undefined>();
expectTypeOf(local.run(1, () => 'x')).toEqualTypeOf<string>();
// @ts-expect-error: the item is of the channel's type
numbers.send('x');

// Streams and HTTP.
import { createServer as createHttpServer, json, text, type Handler } from 'greenfiber/http';
import { connect, frames, LineFraming, type Connection, type Reader } from 'greenfiber/io';

declare const reader: Reader;
expectTypeOf(connect).returns.toEqualTypeOf<Connection>();
expectTypeOf(frames(reader, new LineFraming())).toExtend<Iterable<string>>();
expectTypeOf(createHttpServer).parameter(0).toEqualTypeOf<Handler>();
expectTypeOf(createHttpServer(() => undefined).shutdown(1)).toEqualTypeOf<Promise<void>>();
expectTypeOf(json).returns.toEqualTypeOf<unknown>();
expectTypeOf(text).returns.toEqualTypeOf<string>();
// @ts-expect-error: a handler is a function
createHttpServer(5);

// Offloaded calls.
import { Offload, OffloadError, type ExternalFn } from 'greenfiber/offload';

declare const offload: Offload;
const row = offload.load('image.so').fn<[Uint8Array, number, number], number>('mandelbrot_row');
expectTypeOf(row).toEqualTypeOf<ExternalFn<[Uint8Array, number, number], number>>();
expectTypeOf(row).returns.toEqualTypeOf<number>();
expectTypeOf(row.promised).returns.toEqualTypeOf<Promise<number>>();
expectTypeOf(
  offload.js(async (a: number) => Promise.resolve(String(a)))(1),
).toEqualTypeOf<string>();
expectTypeOf(new OffloadError('f', 1, 'x').status).toEqualTypeOf<number>();
// @ts-expect-error: a buffer comes first
row(1, 2, 3);
