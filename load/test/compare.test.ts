// Two runs compared: what differs for sure, and what does not.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { sleep } from 'greenfiber';
import { http, run, type Results } from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';

import { ROOT } from '../../test/docs/snippets';
import { runChild } from '../../test/helpers/child';

const { compareResults, comparisonText } = require(
  join(ROOT, 'load/dist/compare'),
) as typeof import('../dist/compare');

/** Requests that take `ms` and up to 20 more, by the seed; every tenth fails, or none. */
async function measured(ms: number, seed: number, duration = '20s', fails = false) {
  let results: Results | undefined;
  await simulate(
    () => {
      let state = seed;
      const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
      const handler = () => {
        sleep(ms + 20 * random());
        return { status: fails && random() < 0.1 ? 500 : 200 };
      };
      const options = { vus: 5, duration, handler, target: 'http://shop.test/', name: `${ms} ms` };
      results = run({ default: () => void http.get('/') }, options);
    },
    { schedules: 1 },
  );
  return results!;
}

test('a run that is slower is worse for sure, by so much', async (t) => {
  const [before, after] = [await measured(20, 1), await measured(26, 2)];
  const changes = compareResults(before, after);
  const [p50, , , rate, failed] = changes;
  t.like(p50, { figure: 'p50', verdict: 'worse', worse: 1 });
  t.true(p50!.low > 0.15 && p50!.change > 0.18 && p50!.change < 0.22 && p50!.high < 0.25);
  t.like(rate, { figure: 'a second', verdict: 'worse' });
  t.true(rate!.change < -0.1);
  t.like(failed, { figure: 'failed', verdict: 'no difference', change: 0 });
  t.regex(
    comparisonText(before, after, changes),
    /p50 +30\S* ms → 36\S* ms {2}\+19.*worse, more than 99\.9% sure/,
  );
  t.is(compareResults(after, before)[0]!.verdict, 'better');
});

test('two runs of the same do not differ', async (t) => {
  for (const { figure, verdict } of compareResults(await measured(20, 1), await measured(20, 3))) {
    t.is(verdict, 'no difference', figure);
  }
});

test('failures are compared by their share', async (t) => {
  const changes = compareResults(await measured(20, 1), await measured(20, 1, '20s', true));
  const failed = changes.at(-1)!;
  t.is(failed.verdict, 'worse');
  t.true(failed.change > 0.07 && failed.change < 0.13, String(failed.change));
});

test('a run that is too short tells nothing', async (t) => {
  const [short, long] = [await measured(20, 1, '3s'), await measured(20, 1)];
  t.throws(() => compareResults(short, long), { code: 'ERR_LOAD_RESULTS' });
  t.throws(() => compareResults(long, short), { code: 'ERR_LOAD_RESULTS' });
});

test('the command ends with 99 when it is worse by more than the tolerance', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-compare-'));
  const files = await Promise.all(
    [20, 26].map(async (ms) => {
      const file = join(folder, `${ms}.json`);
      writeFileSync(file, JSON.stringify(await measured(ms, ms)));
      return file;
    }),
  );
  const ended = async (...args: string[]) => {
    const cli = join(ROOT, 'dist', 'cli.js');
    const { code, stdout } = await runChild(cli, { args: ['load', 'compare', ...args] });
    return { code, stdout };
  };
  t.is((await ended(...files)).code, 99);
  t.is((await ended(...files, '--tolerance', '30%')).code, 0);
  t.is((await ended(files[1]!, files[0]!)).code, 0, 'better is no failure');
  t.is((await ended(...files, '--tolerance', 'much')).code, 2);
  const { stdout } = await ended(...files, '--json', '-');
  t.is((JSON.parse(stdout) as { verdict: string }[])[0]!.verdict, 'worse');
});
