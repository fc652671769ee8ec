// Builds the site and looks at it as a reader does, in Chromium: the pages show, the search finds, links lead on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import browsers from '../test/helpers/browser.cjs';
import { inRoot } from './lib/paths.mjs';
import { contents } from './lib/site/contents.mjs';
import { pagesOfDocuments } from './lib/site/pages.mjs';
import { fail, run } from './lib/run.mjs';
import { print } from './lib/totals.mjs';

const PORT = 4173;
if (!browsers.executablePath) fail('Chromium is not on this machine: apt-get install chromium');
run(process.execPath, ['scripts/site.mjs']);

const server = spawn(
  process.execPath,
  [
    '.site/node_modules/vitepress/bin/vitepress.js',
    'preview',
    '.site/pages',
    '--port',
    String(PORT),
  ],
  { cwd: inRoot(), stdio: ['ignore', 'pipe', 'inherit'] },
);
await once(server.stdout, 'data');
const browser = await browsers.launch();
const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
const problems = [];
page.on('pageerror', (error) => problems.push(error.message));
page.on('response', (answer) => {
  if (answer.status() >= 400) problems.push(`${answer.status()} ${answer.url()}`);
});
const open = (link) => page.goto(`http://localhost:${PORT}${link}`);

const tests = {
  'every document has its place in the sidebar, once': () => {
    const listed = contents.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.md`));
    const pages = [...pagesOfDocuments().values()].filter((name) => name !== 'index.md');
    assert.deepEqual(listed.toSorted(), pages.toSorted());
  },
  'every page shows its title, without an error': async () => {
    for (const { link } of contents.flatMap(({ items }) => items)) {
      await open(link);
      assert.ok(await page.locator('.vp-doc h1').first().isVisible(), link);
    }
  },
  'the search finds a word of a document, and leads there': async () => {
    await open('/');
    await page.locator('.VPNavBarSearch button').first().click();
    await page.locator('.VPLocalSearchBox input').fill('cpuLimit');
    const result = page.locator('.VPLocalSearchBox .result').first();
    await result.waitFor();
    await result.click();
    await page.waitForURL((url) => url.pathname !== '/');
    assert.match(await page.locator('.vp-doc').innerText(), /cpuLimit/);
  },
  'the reference has a page for each module, made of docstrings': async () => {
    await open('/reference/');
    await page.locator('.vp-doc a', { hasText: 'greenfiber/http' }).first().click();
    await page.waitForURL(/http/);
    await page
      .locator('.vp-doc a', { hasText: /^createServer$/ })
      .first()
      .click();
    await page.locator('.vp-doc h1', { hasText: 'createServer' }).waitFor();
    assert.match(await page.locator('.vp-doc').innerText(), /ERR_FIBER_INVALID_ARG_TYPE/);
  },
  'it fits a telephone': async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open('/tasks');
    const width = await page.evaluate('document.documentElement.scrollWidth');
    assert.ok(width <= 360, String(width));
    await page.setViewportSize({ width: 1200, height: 900 });
  },
  'nothing was missing, and no script failed': () => assert.deepEqual(problems, []),
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    console.log(`failed  ${name}\n${error.stack}`);
  }
}
const pictures = inRoot('build', 'site-pictures');
mkdirSync(pictures, { recursive: true });
for (const [name, link] of [
  ['home', '/'],
  ['tasks', '/tasks'],
  ['reference', '/reference/'],
]) {
  await open(link);
  await page.screenshot({ path: path.join(pictures, `${name}.png`) });
}
console.log(`pictures: ${readdirSync(pictures).join(', ')} in build/site-pictures`);
await browser.close();
server.kill();
print({ passed: Object.keys(tests).length - failed, failed });
process.exitCode = failed ? 1 : 0;
