// The HTML report in a real browser. Where there is none, the tests are skipped and say so.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { ExecutionContext } from 'ava';
import { sleep } from 'greenfiber';
import { check, http, run, type Results } from 'greenfiber/load';
import { simulate } from 'greenfiber/testing';
import type { Browser, Page } from 'playwright-core';

import { reportPage } from '../../dist/load/html';
import { summarize } from '../../dist/load/summary';
import { inBrowser } from '../helpers/in-browser';

const { launch } = require('../helpers/browser.cjs') as { launch(): Promise<Browser> };

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

async function look(t: ExecutionContext, body: (page: Page) => Promise<void>): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'greenfiber-report-')), 'report.html');
  writeFileSync(file, reportPage(summarize(await results())));
  const browser = await launch();
  try {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 420],
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
      t.deepEqual(problems, []);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

inBrowser(
  'the report shows figures, verdict, errors and four plots, and needs nothing else',
  async (t) => {
    await look(t, async (page) => {
      t.is(await page.title(), `Load test of shop ${HOSTILE}`);
      t.is(await page.locator('#verdict').innerText(), 'Thresholds were crossed');
      t.is(await page.locator('#thresholds .pass').count(), 1);
      t.is(await page.locator('#thresholds .fail').count(), 1);
      t.regex(await page.locator('.figures').innerText(), /requests[^]*median[^]*p99[^]*failed/);
      t.regex(await page.locator('#errors').innerText(), /exception/);
      t.regex(await page.locator('#checks').innerText(), /is well/);
      t.regex(await page.locator('#metrics').innerText(), /http_req_duration\s.*status: 0/);
      t.is(await page.locator('.chart canvas').count(), 4);
      const painted = await page.evaluate<number[]>(`
        [...document.querySelectorAll('.chart canvas')].map((canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, index) => index % 4 === 3 && value > 0).length;
        })`);
      for (const pixels of painted) t.true(pixels > 2000, String(pixels));
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - innerWidth',
      );
      t.true(overflow <= 0, `the page is ${overflow} pixels too wide`);
    });
  },
);
