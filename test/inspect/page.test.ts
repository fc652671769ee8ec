// The page in a real browser. Where there is none, the tests are skipped and say so.
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { ExecutionContext } from 'ava';
import type { Browser, Page } from 'playwright-core';

import { ROOT } from '../docs/snippets';
import { inBrowser } from '../helpers/in-browser';

interface Program {
  url: string;
  end(): Promise<void>;
}

interface Helper {
  launch(): Promise<Browser>;
  startServing(file: string, options?: object): Promise<Program>;
}

const { launch, startServing } = require('../helpers/browser.cjs') as Helper;

/** Starts the program, opens its page in a fresh browser, and sees to it that nothing on it goes wrong. */
async function look(
  t: ExecutionContext,
  file: string,
  body: (page: Page, program: Program) => Promise<void>,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<void> {
  const program = await startServing(resolve(ROOT, file), { cwd: ROOT });
  const browser = await launch();
  try {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(60_000);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(program.url) && !request.url().startsWith('data:')) {
        problems.push(request.url());
      }
    });
    await page.goto(program.url);
    await page.locator('#state.live').waitFor();
    await body(page, program);
    t.deepEqual(problems, []);
  } finally {
    await browser.close();
    await program.end();
  }
}

const ORDERS = 'test/fixtures/orders.cjs';
const rowOf = (page: Page, name: string) =>
  page.locator('tbody[data-id]').filter({ has: page.getByRole('button', { name, exact: true }) });

inBrowser('a group unfolds to the names of its tasks, and no column is pushed away', async (t) => {
  await look(t, 'test/fixtures/many-tasks.cjs', async (page) => {
    const group = rowOf(page, '26 tasks');
    await group.locator('.toggle').click();
    await group.getByText('worker 25').waitFor();
    const isWhole = await page
      .locator('.scroll', { has: group })
      .evaluate((box: { scrollWidth: number; clientWidth: number }) => {
        return box.scrollWidth <= box.clientWidth;
      });
    t.true(isWhole);
  });
});

inBrowser('every task is a row that unfolds to its stack and where it was made', async (t) => {
  await look(t, ORDERS, async (page) => {
    const row = rowOf(page, 'order 4711');
    t.regex(await row.innerText(), /parked\s+wait on Promise\s+.* m?s\s+.* ms\s+orders/);
    const toggle = row.getByRole('button');
    t.is(await toggle.getAttribute('aria-expanded'), 'false');
    await toggle.focus();
    await page.keyboard.press('Enter');
    t.is(await toggle.getAttribute('aria-expanded'), 'true');
    const details = await row.locator('.details').innerText();
    t.regex(details, /queryDatabase[^]*Array\.map[^]*JSON\.stringify[^]*handleRequest/);
    t.regex(details, /Spawned by orders in[^]*serveOrders[^]*Waited for by\s+orders/);
    // It stays unfolded while the page goes on.
    await page.waitForResponse(/snapshot\.json/);
    await page.waitForResponse(/snapshot\.json/);
    t.is(await toggle.getAttribute('aria-expanded'), 'true');
    t.true(await row.locator('.details').isVisible());
    await toggle.click();
    t.is(await row.locator('.details').count(), 0);
    t.regex(await page.locator('#fibers').innerText(), /reader[^]*suspended/);
  });
});

inBrowser('the graph shows who waits for whom, and the circle', async (t) => {
  await look(t, ORDERS, async (page) => {
    const cycle = page.locator('#cycles li');
    await cycle.waitFor();
    t.regex(await cycle.innerText(), /^Cycle: (ledger waits for stock waits for ledger|stock .*)$/);
    const node = (name: string) => page.locator('#graph g.node', { hasText: name });
    for (const name of ['ledger', 'stock'])
      t.regex((await node(name).getAttribute('class'))!, /cycle/);
    t.notRegex((await node('audit').getAttribute('class'))!, /cycle/);
    t.is(await page.locator('#graph path.wait').count(), 8);
    t.is(await page.locator('#graph path.wait.cycle').count(), 2);
    const left = async (name: string) => (await node(name).boundingBox())!.x;
    t.true((await left('orders')) < (await left('audit')));
  });
});

inBrowser(
  'counters are drawn over time, tasks come and go, and a pause keeps what is seen',
  async (t) => {
    await look(t, ORDERS, async (page) => {
      const curve = page.locator('.chart .curve').first();
      const points = async () => ((await curve.getAttribute('d')) ?? '').split('L').length;
      await page.waitForResponse(/snapshot\.json/);
      const before = await points();
      const ids = async () =>
        (await page.locator('#tasks tbody[data-id]').all()).map((row) =>
          row.getAttribute('data-id'),
        );
      const shown = async () => (await Promise.all(await ids())).join();
      const first = await shown();
      while ((await points()) <= before + 1 || (await shown()) === first) {
        await page.waitForResponse(/snapshot\.json/);
      }
      t.is(await page.locator('.chart').count(), 6);
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.locator('#state.paused').waitFor();
      const paused = await points();
      await page.waitForTimeout(2500);
      t.is(await points(), paused);
      await page.getByRole('button', { name: 'Go on' }).click();
      while ((await points()) <= paused) await page.waitForResponse(/snapshot\.json/);
    });
  },
);

inBrowser('a filter leaves the tasks that match, by name, call or frame', async (t) => {
  await look(t, ORDERS, async (page) => {
    const names = () => page.locator('#tasks tbody[data-id] .toggle').allInnerTexts();
    await page.getByRole('searchbox').fill('querydatabase');
    t.deepEqual(await names(), ['order 4711', 'order 4712']);
    t.regex(await page.locator('#tasks-count').innerText(), /^2 of \d+$/);
    await page.getByRole('searchbox').fill('no such thing');
    t.regex(await page.locator('#tasks').innerText(), /None\./);
  });
});

const MANY = 'test/fixtures/many-tasks.cjs';

inBrowser('tasks in the same place share a row, below the cycle and above the graph', async (t) => {
  await look(t, MANY, async (page) => {
    const firstCells = () => page.locator('#tasks tbody .toggle').allInnerTexts();
    await page.locator('#cycles li').waitFor();
    while ((await firstCells())[0] !== 'left') await page.waitForResponse(/snapshot\.json/);
    t.deepEqual(await firstCells(), ['left', 'right', '26 tasks', '10 tasks', 'all', 'alone']);
    t.regex(await page.locator('#tasks-count').innerText(), /^40/);
    t.regex(
      await page.locator('#calls').innerText(),
      /Channel\.receive 26[^]*sleep 11[^]*Task\.join 2/,
    );
    const workers = rowOf(page, '26 tasks');
    t.regex(await workers.innerText(), /parked\s+Channel\.receive.*\s+worker/);
    await workers.getByRole('button').click();
    t.regex(await workers.innerText(), /at worker [^]*worker 0, worker 1, [^]*worker 25/);
    const top = async (selector: string) => (await page.locator(selector).boundingBox())!.y;
    t.true((await top('#cycles')) < (await top('#tasks')));
    t.true((await top('#tasks')) < (await top('#graph')));
    // Who looks for something sees each of them.
    await page.getByRole('searchbox').fill('worker 2');
    t.is((await firstCells()).filter((name) => /^worker 2\d?$/.test(name)).length, 7);
  });
});

inBrowser('a column sorts the tasks, backwards at the second click', async (t) => {
  await look(t, MANY, async (page) => {
    const calls = async () =>
      (
        await page.locator('#tasks tbody tr.row td:nth-child(3) code:first-child').allInnerTexts()
      ).map((call) => call.split(' ')[0]);
    const header = page.locator('th[data-column=call]');
    await page.locator('#cycles li').waitFor();
    await header.getByRole('button').click();
    t.is(await header.getAttribute('aria-sort'), 'ascending');
    const ascending = await calls();
    t.deepEqual(
      ascending,
      [...ascending].sort((a, b) => a!.localeCompare(b!)),
    );
    t.is(ascending[0], 'Channel.receive');
    await header.getByRole('button').click();
    t.is(await header.getAttribute('aria-sort'), 'descending');
    t.is((await calls()).at(-1), 'Channel.receive');
    await header.getByRole('button').click();
    t.is(await header.getAttribute('aria-sort'), null);
  });
});

inBrowser('what is seen can be copied as text and downloaded as JSON', async (t) => {
  await look(t, MANY, async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const text = await page.evaluate<string>('navigator.clipboard.readText()');
    t.regex(
      text,
      /^greenfiber: 40 tasks [^]*\n26 tasks \[parked\]: wait in Channel\.receive\n +at worker/,
    );
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const file = await (await download).path();
    t.like(JSON.parse(readFileSync(file, 'utf8')), {
      tasks: { length: 40 },
      cycles: { length: 1 },
    });
  });
});

inBrowser('light and dark follow the system, and can be read', async (t) => {
  const colors: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await look(
      t,
      ORDERS,
      async (page) => {
        colors.push(
          await page.evaluate<string>(`getComputedStyle(document.body).backgroundColor`),
          await page.evaluate<string>(`getComputedStyle(document.body).color`),
        );
        // No row is wider than the page.
        t.true(await page.evaluate<boolean>(`document.body.scrollWidth <= window.innerWidth`));
      },
      { colorScheme, viewport: { width: 700, height: 800 } },
    );
  }
  const brightness = colors.map((color) =>
    (color.match(/\d+/g) ?? []).reduce((sum, part) => sum + Number(part), 0),
  );
  const [lightPage = 0, lightInk = 0, darkPage = 0, darkInk = 0] = brightness;
  t.true(lightPage - lightInk > 500);
  t.true(darkInk - darkPage > 500);
});

inBrowser('names and values of the program are text, never markup', async (t) => {
  const file = join(tmpdir(), `greenfiber-markup-${String(process.pid)}.cjs`);
  writeFileSync(
    file,
    `
    const { spawn, sleep, Fiber } = require(${JSON.stringify(ROOT)});
    const { serve } = require(${JSON.stringify(join(ROOT, 'dist/inspect'))});
    const markup = '<img src=x onerror="document.title=1"><b>bold</b>';
    spawn(() => sleep(1e6)).name = markup;
    serve().then(({ url }) => console.log(url));
  `,
  );
  await look(t, file, async (page) => {
    await page.getByRole('button', { name: '<img' }).waitFor();
    t.is(await page.locator('img, b').count(), 0);
    t.is(await page.title(), 'greenfiber');
    t.regex(await page.locator('#missing').innerText(), /enable\(\) of greenfiber\/inspect/);
    t.true(await page.locator('#waiting').isHidden());
  });
});

inBrowser('the page says so when the program is gone', async (t) => {
  const program = await startServing(join(ROOT, ORDERS), { cwd: ROOT });
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(program.url);
  await page.locator('#state.live').waitFor({ timeout: 60_000 });
  await program.end();
  await page.locator('#state.lost').waitFor({ timeout: 60_000 });
  t.regex(await page.locator('#state').innerText(), /no answer/);
  await browser.close();
});
