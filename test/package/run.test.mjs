// The tarball, installed offline in an empty folder with no compiler on the PATH, on each Node.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gypEnvironment } from '../../scripts/lib/native.mjs';
import { majors, nodeOfMajor, runningNode } from '../../scripts/lib/node_versions.mjs';
import { root, tool } from '../../scripts/lib/paths.mjs';
import { Installation } from './install.mjs';

const pingPong = `
  const fiber = new Fiber((ball) => {
    for (;;) ball = hit(ball);
  });
  const hit = (ball) => Fiber.yield(ball + 1);
  console.log([fiber.resume(0), fiber.resume(10), fiber.resume(20)].join());
`;
const score = '1,11,21';

// The packages that ours depends on, and what those depend on, come from npm's cache.
test.before(() => {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const needed = Object.entries(packages).filter(([where, { dev }]) => where !== '' && !dev);
  const named = needed.map(([where, { version }]) => {
    const name = where.slice(where.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return `${name}@${version}`;
  });
  execFileSync('npm', ['cache', 'add', ...new Set(named)]);
});

for (const major of majors) {
  test.serial(
    `Node ${major}: installs without a compiler; require and import share one state`,
    async (t) => {
      const user = await Installation.make(nodeOfMajor(major));
      t.false(existsSync(path.join(user.package, 'build')), 'something was compiled');

      const required = `const { Fiber } = require('greenfiber');${pingPong}`;
      t.is(await user.script('required.cjs', required), score);

      const imported = `import { Fiber } from 'greenfiber';${pingPong}`;
      t.is(await user.script('imported.mjs', imported), score);

      const both = `
      import { createRequire } from 'node:module';
      import * as imported from 'greenfiber';
      const required = createRequire(import.meta.url)('greenfiber');
      console.log(imported.Fiber === required.Fiber, imported.isSupported, imported.engine);
    `;
      t.is(await user.script('both.mjs', both), 'true true direct');

      const inspected = `
      import { serve, snapshot } from 'greenfiber/inspect';
      const server = await serve();
      const page = await (await fetch(server.url)).text();
      await server.close();
      console.log(snapshot().tasks.length, /<title>greenfiber/.test(page));
    `;
      t.is(await user.script('inspected.mjs', inspected), '0 true');

      const command = path.join('node_modules', 'greenfiber', 'dist', 'load', 'cli.js');
      const scenario = `
      import { check, vu } from 'greenfiber/load';
      export default (): void => void check(vu().id as number, { 'has a number': (id) => id > 0 });
    `;
      writeFileSync(path.join(user.app, 'scenario.ts'), scenario);
      const report = await user.node(
        command,
        'load',
        'scenario.ts',
        '-n',
        '3',
        '--html',
        'out.html',
      );
      t.regex(report, /has a number: 3 of 3/);
      t.regex(
        readFileSync(path.join(user.app, 'out.html'), 'utf8'),
        /<title>Load test of scenario/,
      );

      rmSync(user.folder, { recursive: true });
    },
  );
}

test.serial(
  'without a fitting binary it says that it is not supported, and the command that it names builds one',
  async (t) => {
    const node = runningNode();
    const user = await Installation.make(node);
    rmSync(path.join(user.package, 'prebuilds'), { recursive: true });
    const source = `
    const { Fiber, isSupported } = require('greenfiber');
    let error;
    try { new Fiber(() => {}); } catch (caught) { error = caught; }
    console.log(JSON.stringify({ isSupported, code: error?.code, message: error?.message }));
  `;
    const seen = JSON.parse(await user.script('unsupported.cjs', source));
    t.is(seen.isSupported, false);
    t.is(seen.code, 'ERR_FIBER_UNSUPPORTED');
    const command = /npx node-gyp rebuild --directory [\w./-]+\w/.exec(seen.message)?.[0];
    t.is(command, 'npx node-gyp rebuild --directory node_modules/greenfiber/src-native');

    // npx would fetch node-gyp, and node-gyp the headers.
    symlinkSync(tool('node-gyp'), path.join(user.app, 'node_modules', '.bin', 'node-gyp'));
    execFileSync('sh', ['-c', command], {
      cwd: user.app,
      env: gypEnvironment(node.nodedir),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    t.true(existsSync(path.join(user.package, 'build', 'Release', 'greenfiber.node')));
    const required = `const { Fiber } = require('greenfiber');${pingPong}`;
    t.is(await user.script('required.cjs', required), score);
    rmSync(user.folder, { recursive: true });
  },
);
