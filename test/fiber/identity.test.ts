/* eslint-disable @typescript-eslint/no-explicit-any --
   on purpose: tests of odd programs */
import test from 'ava';
import { Fiber } from 'greenfiber';

import { refused, stillWorks } from '../helpers/codes';

test('every fiber has an id of its own', (t) => {
  const ids = Array.from({ length: 1000 }, () => new Fiber(() => 1).id);
  t.is(new Set(ids).size, 1000);
  t.true(ids.every((id) => Number.isSafeInteger(id) && id > 0));
});

test('a fiber is called by its name, else by its id', (t) => {
  const fiber = new Fiber(() => 1);
  t.true(fiber.name.includes(String(fiber.id)));
  t.is(new Fiber(() => 1, { name: 'given' }).name, 'given');
  t.is(new Fiber(() => 1, { name: '' }).name, '');
});

test('the name can be changed at any time, to a string', (t) => {
  const fiber = new Fiber(() => Fiber.yield());
  for (const name of ['created', 'suspended', 'finished']) {
    fiber.name = name;
    t.is(fiber.name, name);
    refused(t, 'ERR_FIBER_INVALID_ARG_TYPE', () => (fiber.name = 5 as never));
    t.is(fiber.name, name);
    fiber.resume(...([] as []));
    if (name === 'suspended') break;
  }
  fiber.name = 'finished';
  t.is(fiber.name, 'finished');
});

test('Fiber.current is the running fiber; undefined on the main stack', (t) => {
  t.is(Fiber.current, undefined);
  const inner: Fiber = new Fiber(() => [Fiber.current === inner, Fiber.yield()]);
  const outer: Fiber = new Fiber(() => {
    t.is(Fiber.current, outer);
    inner.resume();
    t.is(Fiber.current, outer);
    Fiber.yield();
    t.is(Fiber.current, outer);
    t.deepEqual(inner.resume(), [true, undefined]);
  });
  outer.resume();
  t.is(Fiber.current, undefined);
  outer.resume();
  t.is(Fiber.current, undefined);
  const failing = new Fiber(() => {
    throw new Error('x');
  });
  t.throws(() => failing.resume());
  t.is(Fiber.current, undefined);
});

test('Fiber.isYieldable tells whether a yield would suspend', (t) => {
  t.false(Fiber.isYieldable());
  const fiber = new Fiber(() => {
    t.true(Fiber.isYieldable());
    t.true([1].map(() => Fiber.isYieldable())[0]);
    return Fiber.yield();
  });
  fiber.resume();
  t.false(Fiber.isYieldable());
  fiber.resume();
  t.false(Fiber.isYieldable());
});

test('a subclass is a fiber with more', (t) => {
  class Counter extends Fiber<number, string, number> {
    readonly extra = 'extra';
    resumed = 0;
    constructor(limit: number) {
      super(() => {
        for (let i = 0; i < limit; i++) Fiber.yield(i);
        return 'end';
      });
    }
    override resume(value?: number): number | string {
      this.resumed++;
      return super.resume(value);
    }
    static make(): Counter {
      return new this(1);
    }
  }
  const counter = Counter.make();
  t.true(counter instanceof Fiber);
  t.is(counter.resume(), 0);
  t.is(counter.resume(), 'end');
  t.deepEqual([counter.resumed, counter.extra, counter.state], [2, 'extra', 'finished']);
  const seen: Fiber = new (class Special extends Fiber {})(() => Fiber.current === seen);
  t.is(seen.resume(), true);
});

test('methods and getters refuse a receiver that is no fiber', (t) => {
  const fiber = new Fiber(() => Fiber.yield());
  const strangers: unknown[] = [
    {},
    null,
    undefined,
    1,
    Fiber,
    Fiber.prototype,
    Object.create(fiber),
    new Proxy(fiber, {}),
  ];
  const { prototype } = Fiber;
  for (const stranger of strangers) {
    for (const key of ['resume', 'throw', 'return', 'transfer'] as const) {
      t.throws(() => (prototype[key] as any).call(stranger), { instanceOf: TypeError }, key);
    }
    for (const key of ['next', Symbol.dispose] as const) {
      t.throws(
        () => (prototype[key] as any).call(stranger),
        { instanceOf: TypeError },
        String(key),
      );
    }
    for (const key of ['state', 'done', 'stack', 'name']) {
      const { get } = Object.getOwnPropertyDescriptor(prototype, key)!;
      t.throws(() => get!.call(stranger), { instanceOf: TypeError }, key);
    }
  }
  t.is(fiber.state, 'created');
  stillWorks(t);
});

test('a fiber looks and behaves like an object of class Fiber', (t) => {
  const fiber = new Fiber(() => 1);
  t.deepEqual(Object.keys(fiber), ['id']);
  t.is(fiber.constructor, Fiber);
  t.throws(() => (Fiber as unknown as () => void)(), { instanceOf: TypeError });
  t.true(Object.isFrozen(Object.freeze(fiber)));
  t.is(fiber.resume(), 1);
});
