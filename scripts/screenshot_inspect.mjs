// Takes the pictures of docs/inspect.md and of `npm start` in docs/images, and says what each open page cost. Needs Chromium.
//
//   node scripts/screenshot_inspect.mjs               all, or the names: inspect, inspect-40, inspect-10000, inspect-100000, start
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import browsers from '../test/helpers/browser.cjs';
import { inRoot } from './lib/paths.mjs';

const { launch, startServing } = browsers;

const SECONDS_OF_HISTORY = 12;
const SECONDS_OF_COST = 60;
const FIRST_LOOK = 120_000; // milliseconds: of many tasks, on a slow machine

// In a folder of its own, so that the frames show no path of this machine.
const scratch = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-'));
const folder = path.join(scratch, 'shop');
mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
symlinkSync(inRoot(), path.join(folder, 'node_modules', 'greenfiber'));

// Seconds of processor time that a process has used.
function usedBy(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // user and system, in ticks
}

// In percent of a core, for as long as the history takes.
async function shareOf(pid, seconds) {
  const before = usedBy(pid);
  const began = performance.now();
  await sleep(seconds * 1000);
  return (100_000 * (usedBy(pid) - before)) / (performance.now() - began);
}

async function take(page, name, fullPage) {
  await page.locator('pre').evaluateAll((all, prefix) => {
    for (const pre of all) pre.textContent = pre.textContent.replaceAll(prefix, '');
  }, `${scratch}/`);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: inRoot('docs', 'images', `${name}.png`), fullPage });
}

async function open(browser, url, height) {
  const viewport = { width: 1120, height };
  const page = await browser.newPage({ viewport, colorScheme: 'light' });
  await page.goto(url);
  await page.locator('#tasks tbody').first().waitFor({ timeout: FIRST_LOOK });
  return page;
}

async function orders(browser) {
  copyFileSync(inRoot('test/fixtures/orders.cjs'), path.join(folder, 'orders.cjs'));
  const program = await startServing(path.join(folder, 'orders.cjs'));
  try {
    const page = await open(browser, program.url, 900);
    await sleep(SECONDS_OF_HISTORY * 1000);
    await page.locator('tbody[data-id]', { hasText: 'order 4711' }).locator('.toggle').click();
    await sleep(1500);
    await take(page, 'inspect', true);
  } finally {
    await program.end();
  }
}

async function many(browser, count) {
  copyFileSync(inRoot('test/fixtures/many-tasks.cjs'), path.join(folder, 'many-tasks.cjs'));
  const env = { ...process.env, GREENFIBER_TASKS: String(count) };
  const program = await startServing(path.join(folder, 'many-tasks.cjs'), { env });
  try {
    while ((await shareOf(program.pid, 2)) > 2); // until all have begun
    const without = await shareOf(program.pid, SECONDS_OF_HISTORY);
    const page = await open(browser, program.url, 760);
    const cost = await shareOf(program.pid, SECONDS_OF_COST);
    console.log(
      `${count} tasks: ${without.toFixed(2)} % of a core without a page, ` +
        `${cost.toFixed(2)} % with one, after its first look`,
    );
    await page
      .locator('#tasks tbody', { hasText: 'Channel.receive' })
      .first()
      .locator('.toggle')
      .click();
    await take(page, `inspect-${count}`, false);
  } finally {
    await program.end();
  }
}

// What `npm start` prints, as a terminal shows it, and the inspector that it leaves open.
async function start(browser) {
  const child = spawn(process.execPath, ['examples/http-server/main.mjs', '--stay'], {
    cwd: inRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let text = '$ npm start\n';
    for await (const chunk of child.stdout) {
      text += chunk;
      if (text.includes('Ctrl-C')) break;
    }
    const terminal = await browser.newPage({ viewport: { width: 1120, height: 300 } });
    await terminal.setContent('<pre style="margin:0;padding:16px;width:max-content"></pre>');
    await terminal.locator('pre').evaluate((pre, shown) => {
      pre.textContent = shown;
      pre.style.cssText += ';background:#1b1f24;color:#e6e6e6;font:13px/1.4 monospace';
    }, text);
    const file = inRoot('docs', 'images', 'start.png');
    await terminal.locator('pre').screenshot({ path: file });
    const [url] = /(?<=inspector\s+)http\S+/.exec(text);
    const page = await open(browser, url, 760);
    await sleep(SECONDS_OF_HISTORY * 1000);
    await take(page, 'start-inspect', false);
  } finally {
    child.kill('SIGKILL');
  }
}

const pictures = {
  inspect: orders,
  'inspect-40': (browser) => many(browser, 40),
  'inspect-10000': (browser) => many(browser, 10_000),
  'inspect-100000': (browser) => many(browser, 100_000),
  start,
};

const wanted = process.argv.slice(2);
const browser = await launch();
try {
  for (const [name, draw] of Object.entries(pictures)) {
    if (wanted.length === 0 || wanted.includes(name)) await draw(browser);
  }
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
