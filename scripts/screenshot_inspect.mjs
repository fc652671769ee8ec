// Takes the picture of docs/inspect.md: docs/images/inspect.png. Needs Chromium.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import browsers from '../test/helpers/browser.cjs';
import { inRoot } from './lib/paths.mjs';

const { launch, startServing } = browsers;

const SECONDS_OF_HISTORY = 12;

// In a folder of its own, so that the frames show no path of this machine.
const scratch = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-'));
const folder = path.join(scratch, 'shop');
mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
symlinkSync(inRoot(), path.join(folder, 'node_modules', 'greenfiber'));
copyFileSync(inRoot('test/fixtures/orders.cjs'), path.join(folder, 'orders.cjs'));

const program = await startServing(path.join(folder, 'orders.cjs'));
const browser = await launch();
try {
  const page = await browser.newPage({
    viewport: { width: 1120, height: 900 },
    colorScheme: 'light',
  });
  await page.goto(program.url);
  await page.waitForTimeout(SECONDS_OF_HISTORY * 1000);
  await page.locator('tbody[data-id]', { hasText: 'order 4711' }).locator('.toggle').click();
  await page.waitForTimeout(1500);
  await page.locator('pre').evaluateAll((all, prefix) => {
    for (const pre of all) pre.textContent = pre.textContent.replaceAll(prefix, '');
  }, `${scratch}/`);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: inRoot('docs/images/inspect.png'), fullPage: true });
} finally {
  await browser.close();
  await program.end();
  rmSync(scratch, { recursive: true });
}
