// The HTML report in a real browser. Where there is none, the tests are skipped and say so.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import test, { type ExecutionContext } from 'ava';
import { sleep } from 'greenfiber';
import {
  check,
  http,
  mergeResults,
  run,
  vu,
  type Point,
  type Results,
  type RunOptions,
} from 'greenfiber-load';
import { simulate } from 'greenfiber/testing';
import type { Browser, Page } from 'playwright-core';

import { inBrowser } from '../../test/helpers/in-browser';
import { ROOT } from '../../test/helpers/root';

const { reportPage } = require(join(ROOT, 'load/dist/html')) as typeof import('../dist/html');
const { summarize } = require(join(ROOT, 'load/dist/summary')) as typeof import('../dist/summary');

const { compareResults } = require(
  join(ROOT, 'load/dist/compare'),
) as typeof import('../dist/compare');
const { comparisonPage } = require(
  join(ROOT, 'load/dist/comparison-page'),
) as typeof import('../dist/comparison-page');

const { launch } = require(join(ROOT, 'test/helpers/browser.cjs')) as {
  launch(): Promise<Browser>;
};

const CHARTS = [
  'Throughput',
  'Latency',
  'Latency as a heat map',
  'Status codes',
  'Errors',
  'Virtual users',
  'Distribution of latency',
];

const HOSTILE = '</script><img src=x onerror=alert(1)>';

/** Two minutes of a simulated load whose every third request fails. */
async function results(): Promise<Results> {
  let measured: Results | undefined;
  await simulate(
    () => {
      measured = run(
        {
          default: () => {
            const response = http.get('/');
            check(response, { [`is well ${HOSTILE}`]: ({ ok }) => ok });
            sleep(100);
          },
        },
        {
          name: `shop ${HOSTILE}`,
          target: 'http://shop.test/',
          stages: '10s:20,100s:20,10s:0',
          thresholds: { http_req_duration: 'p(95)<1000', checks: 'rate>0.99' },
          handler: () => {
            sleep(5 + Math.random() * 200);
            if (Math.random() < 0.3) throw new Error(HOSTILE);
            return { body: 'x' };
          },
        },
      );
    },
    { schedules: 1 },
  );
  return measured!;
}

async function look(
  t: ExecutionContext,
  html: string,
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'greenfiber-report-')), 'report.html');
  writeFileSync(file, html);
  const browser = await launch();
  try {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 420],
      ['light', 320],
    ] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => problems.push(message.text()));
      page.on('dialog', (dialog) => problems.push(dialog.message()));
      page.on('request', (request) => {
        if (request.url() !== pathToFileURL(file).href) problems.push(request.url());
      });
      await page.goto(pathToFileURL(file).href);
      await page.locator('#charts[data-drawn]').waitFor();
      await body(page);
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - innerWidth',
      );
      t.true(overflow <= 0, `the page is ${overflow} pixels too wide at ${width}`);
      t.deepEqual(problems, []);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

inBrowser(
  'the report shows figures, verdict, errors and plots, and needs nothing else',
  async (t) => {
    await look(t, reportPage(summarize(await results())), async (page) => {
      t.is(await page.title(), `Load test of shop ${HOSTILE}`);
      t.is(await page.locator('#verdict').innerText(), 'Thresholds were crossed');
      t.is(await page.locator('#thresholds .pass').count(), 1);
      t.is(await page.locator('#thresholds .fail').count(), 1);
      t.regex(await page.locator('.figures').innerText(), /requests[^]*median[^]*p99[^]*failed/);
      t.regex(await page.locator('#errors').innerText(), /exception/);
      t.regex(await page.locator('#checks').innerText(), /is well/);
      t.regex(await page.locator('#metrics').innerText(), /http_req_duration\s.*status: 0/);
      t.regex(await page.locator('#trends thead').innerText(), /p99\.9/);
      t.regex(
        await page.locator('#thresholds').innerText(),
        /p\(95\)<1000: is [\d.]+ ms[^]*rate>0\.99: is [\d.]+%/,
      );
      t.deepEqual(await page.locator('.chart h3').allInnerTexts(), CHARTS);
      t.is(await page.locator('.chart canvas').count(), CHARTS.length);
      const painted = await page.evaluate<number[]>(`
        [...document.querySelectorAll('.chart canvas')].map((canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, index) => index % 4 === 3 && value > 0).length;
        })`);
      for (const pixels of painted) t.true(pixels > 2000, String(pixels));
    });
  },
);

test('the interval that the end of the load cuts off is not drawn: it would look like a breakdown', async (t) => {
  const drawn = async (options: RunOptions): Promise<{ at: number[]; rates: number[] }> => {
    let page = '';
    await simulate(
      () => {
        page = reportPage(summarize(run({ default: () => sleep(99) }, { vus: 10, ...options })));
      },
      { schedules: 1 },
    );
    const report = JSON.parse(/const report = (\{.*\});<\/script>/.exec(page)![1]!);
    const [{ x, series }] = report.charts;
    return { at: x, rates: series.iterations };
  };
  for (const duration of ['10s', '9.5s', '10.03s']) {
    const { at, rates } = await drawn({ duration });
    t.true(at.length >= 9, duration);
    for (const rate of rates) t.true(rate > 90, `${duration}: ${rates.join()}`);
  }
});

inBrowser(
  'in print a report is drawn in light colours, also where the screen is dark',
  async (t) => {
    const file = join(mkdtempSync(join(tmpdir(), 'greenfiber-report-')), 'report.html');
    writeFileSync(file, reportPage(summarize(await results())));
    const browser = await launch();
    try {
      const page = await browser.newPage({ colorScheme: 'dark' });
      await page.goto(pathToFileURL(file).href);
      await page.locator('#charts[data-drawn]').waitFor();
      const pdf = await page.pdf({ format: 'A4' });
      t.true(pdf.length > 20_000);
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      const colour = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      t.is(colour, 'rgb(255, 255, 255)');
      t.is(await page.locator('.chart canvas').count(), CHARTS.length, 'drawn once');
    } finally {
      await browser.close();
    }
  },
);

inBrowser('two runs compared are one page, with both in each plot', async (t) => {
  const [before, after] = [await results(), await results()];
  const html = comparisonPage(before, after, compareResults(before, after));
  await look(t, html, async (page) => {
    t.regex(await page.locator('#changes').innerText(), /p95[^]*p99[^]*a second[^]*failed/);
    t.regex(await page.locator('#verdict').innerText(), /^(Worse|Better|No difference)/);
    t.is(await page.locator('.chart canvas').count(), 5);
    t.regex(await page.locator('.chart').first().innerText(), /before[^]*after/);
  });
});

test('latencies of an interval are in the rows of the heat map that they belong to', async (t) => {
  let page = '';
  await simulate(
    () => {
      const times = [2, 2, 2, 200];
      const visit = () => sleep(times[vu().iteration % 4]!);
      page = reportPage(summarize(run({ default: visit }, { vus: 20, duration: '10s' })));
    },
    { schedules: 1 },
  );
  const { charts } = JSON.parse(/const report = (\{.*\});<\/script>/.exec(page)![1]!);
  const { bounds, columns } = charts.find(({ title }: { title: string }) =>
    title.includes('heat'),
  ).heat;
  t.is(columns.length, charts[0].x.length);
  for (const rows of columns as number[][]) {
    t.is(rows.length, bounds.length - 1);
    t.true(Math.abs(rows.reduce((sum, share) => sum + share, 0) - 1) < 1e-6);
    t.true(Math.abs(rows[0]! - 0.75) < 0.05, rows.join());
    t.true(Math.abs(rows.at(-1)! - 0.25) < 0.05, rows.join());
  }
});

test('status codes and kinds of errors are counted by interval, also of several threads', async (t) => {
  const { points, metrics } = await results();
  t.true(points.slice(0, -1).every(({ statuses = {} }) => Object.keys(statuses).length > 0));
  const count = (of: (point: Point) => Record<string, number> | undefined, name: string) =>
    points.reduce((sum, point) => sum + (of(point)?.[name] ?? 0), 0);
  const requests = metrics.find(({ name }) => name === 'http_reqs')!.series;
  const byStatus = (status: string) =>
    requests
      .filter(({ tags }) => tags['status'] === status)
      .reduce((sum, each) => sum + (each.sum ?? 0), 0);
  for (const status of ['0', '200']) {
    t.is(
      count((point) => point.statuses, status),
      byStatus(status),
    );
    t.true(byStatus(status) > 0);
  }
  t.is(
    count((point) => point.kinds, 'exception'),
    byStatus('0'),
  );
  const one = await results();
  const merged = mergeResults([one, one]);
  for (const [index, { statuses = {}, kinds = {} }] of one.points.entries()) {
    for (const [name, value] of Object.entries(statuses))
      t.is(merged.points[index]!.statuses![name], 2 * value);
    for (const [name, value] of Object.entries(kinds))
      t.is(merged.points[index]!.kinds![name], 2 * value);
  }
});
