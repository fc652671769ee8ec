/** greenfiber/events */
import { EventEmitter } from 'node:events';

import test from 'ava';
import { sleep, spawn, timeout, TimeoutError } from 'greenfiber';
import { on, once } from 'greenfiber/events';

import { caught, inTask } from '../helpers/in-task';

test('once answers the arguments of the next event, and leaves no listener', async (t) => {
  await inTask(t, () => {
    const emitter = new EventEmitter();
    setTimeout(() => emitter.emit('ready', 1, 'two'), 1);
    t.deepEqual(once(emitter, 'ready'), [1, 'two']);
    setTimeout(() => emitter.emit('error', new Error('broken')), 1);
    t.is((caught(() => once(emitter, 'ready')) as Error).message, 'broken');
    setTimeout(() => emitter.emit('error', 'as a value'), 1);
    t.deepEqual(once(emitter, 'error'), ['as a value']);
    t.true(caught(() => timeout(1, () => once(emitter, 'never'))) instanceof TimeoutError);
    t.true(caught(() => timeout(0, () => once(emitter, 'never'))) instanceof TimeoutError);
    t.deepEqual(emitter.eventNames(), []);
  });
});

test('an EventTarget emits events', async (t) => {
  await inTask(t, () => {
    const target = new EventTarget();
    setTimeout(() => target.dispatchEvent(new Event('ready')), 1);
    const [event] = once(target, 'ready');
    t.is(event.type, 'ready');
  });
});

test('on keeps what comes while the body runs, and ends with an event', async (t) => {
  await inTask(t, () => {
    const emitter = new EventEmitter();
    const lines = on<[string]>(emitter, 'line', { close: ['close'] });
    emitter.emit('line', 'before the loop');
    setTimeout(() => {
      emitter.emit('line', 'a');
      emitter.emit('line', 'b');
      emitter.emit('close');
      emitter.emit('line', 'too late');
    }, 1);
    const seen: string[] = [];
    for (const [line] of lines) {
      seen.push(line);
      sleep(1);
    }
    t.deepEqual(seen, ['before the loop', 'a', 'b']);
    t.deepEqual(emitter.eventNames(), []);
  });
});

test('a loop over events listens no more, however it ends', async (t) => {
  await inTask(t, () => {
    const emitter = new EventEmitter();
    const emit = (...args: Parameters<EventEmitter['emit']>): void => {
      setTimeout(() => emitter.emit(...args), 1);
    };
    emit('line', 1);
    for (const [line] of on(emitter, 'line')) if (line === 1) break;
    t.deepEqual(emitter.eventNames(), []);
    t.true(caught(() => timeout(2, () => [...on(emitter, 'line')])) instanceof TimeoutError);
    t.deepEqual(emitter.eventNames(), []);
    const lines = on(emitter, 'line');
    emitter.emit('line', 1);
    emitter.emit('error', new Error('broken'));
    t.deepEqual(emitter.eventNames(), []);
    t.deepEqual(lines.next(), { done: false, value: [1] });
    t.is((caught(() => lines.next()) as Error).message, 'broken');
    const disposed = on(emitter, 'line');
    disposed[Symbol.dispose]();
    t.deepEqual([disposed.next().done, emitter.eventNames()], [true, []]);
  });
});

test('several tasks may share the events', async (t) => {
  await inTask(t, () => {
    const emitter = new EventEmitter();
    const jobs = on<[number]>(emitter, 'job', { close: ['end'] });
    const tasks = [1, 2].map(() => spawn(() => [...jobs].flat()));
    setTimeout(() => {
      for (let i = 0; i < 4; i++) emitter.emit('job', i);
      emitter.emit('end');
    }, 1);
    t.deepEqual(tasks.flatMap((task) => task.join()).sort(), [0, 1, 2, 3]);
  });
});

test('events refuse wrong arguments, and listen to nothing then', (t) => {
  const wrong = { code: 'ERR_FIBER_INVALID_ARG_TYPE' };
  const emitter = new EventEmitter();
  for (const call of [once, on] as (typeof on)[]) {
    t.throws(() => call(5 as never, 'x'), wrong);
    t.throws(() => call(null as never, 'x'), wrong);
    t.throws(() => call({} as never, 'x'), wrong);
  }
  t.throws(() => on(emitter, 5 as never), wrong);
  t.throws(() => on(emitter, 'x', 5 as never), wrong);
  t.throws(() => on(emitter, 'x', { close: ['y', 7 as never] }), wrong);
  t.throws(() => once(emitter, 'x'), { code: 'ERR_FIBER_NOT_IN_FIBER' });
  t.throws(() => on(emitter, 'x').next(), { code: 'ERR_FIBER_NOT_IN_FIBER' });
  t.deepEqual(emitter.eventNames(), []);
});
