// metrics(): what Prometheus scrapes.
import test from 'ava';
import { sleep, spawn } from 'greenfiber';
import { metrics, metricsContentType } from 'greenfiber/inspect';
import { Offload } from 'greenfiber/offload';

import { kernelsOf } from '../helpers/offload-library';

/** Checks the text against the format, and answers the values by name and labels. */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>();
  const types = new Map<string, string>();
  let described = '';
  for (const line of text.split('\n').slice(0, -1)) {
    const [, help] = /^# HELP (\w+) \S.*\.$/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE (\w+) (counter|gauge)$/.exec(line) ?? [];
    const [, name, labels, value] = /^(\w+)(\{\w+="\w+"\})? (\d+(?:\.\d+)?)$/.exec(line) ?? [];
    if (help !== undefined) described = help;
    else if (typed !== undefined && typed === described) types.set(typed, type!);
    else if (name !== undefined && types.has(name))
      values.set(name + (labels ?? ''), Number(value));
    else throw new Error(`not the format of Prometheus: ${line}`);
  }
  for (const [name, type] of types) {
    if (name.endsWith('_total') !== (type === 'counter')) throw new Error(`${name} is a ${type}`);
  }
  return values;
}

test.serial('tasks and stacks are told of in the format of Prometheus', async (t) => {
  const before = parse(metrics());
  const task = spawn(() => sleep(1e6));
  const ready = parse(metrics());
  t.is(ready.get('greenfiber_tasks_ready'), before.get('greenfiber_tasks_ready')! + 1);
  await new Promise((resolve) => setImmediate(resolve));
  const asleep = parse(metrics());
  t.is(asleep.get('greenfiber_tasks'), before.get('greenfiber_tasks')! + 1);
  t.is(asleep.get('greenfiber_fibers'), before.get('greenfiber_fibers')! + 1);
  t.is(
    asleep.get('greenfiber_tasks_spawned_total'),
    before.get('greenfiber_tasks_spawned_total')! + 1,
  );
  t.true(asleep.get('greenfiber_turns_total')! > before.get('greenfiber_turns_total')!);
  t.true(asleep.get('greenfiber_stacks{state="in_use"}')! >= 1);
  t.true(asleep.get('greenfiber_longest_turn_seconds')! < 1e4);
  task.cancel();
  await t.throwsAsync(async () => task);
  t.is(parse(metrics()).get('greenfiber_tasks'), before.get('greenfiber_tasks'));
});

test.serial('a pool is told of while it is open, and what it counted stays', async (t) => {
  const before = parse(metrics());
  const pool = new Offload({ threads: 2 });
  const square = pool.js((n: number) => n * n);
  await spawn(() => {
    kernelsOf(pool).none(new ArrayBuffer(64), 1);
    t.is(square(7), 49);
  });
  const open = parse(metrics());
  t.is(open.get('greenfiber_offload_pools'), before.get('greenfiber_offload_pools')! + 1);
  const calls = '{kind="native"}';
  for (const values of [open, await closed()]) {
    t.is(
      values.get(`greenfiber_offload_calls_total${calls}`),
      before.get(`greenfiber_offload_calls_total${calls}`)! + 1,
    );
    t.is(
      values.get('greenfiber_offload_calls_total{kind="js"}'),
      before.get('greenfiber_offload_calls_total{kind="js"}')! + 1,
    );
  }
  t.is(parse(metrics()).get('greenfiber_offload_pools'), before.get('greenfiber_offload_pools'));

  async function closed(): Promise<Map<string, number>> {
    await pool.close();
    await new Promise((resolve) => setImmediate(resolve));
    return parse(metrics());
  }
});

test('it names the version of the format', (t) => {
  t.regex(metricsContentType, /^text\/plain; version=0\.0\.4;/);
});
