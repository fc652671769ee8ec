// The tarball, installed offline in an empty folder with no compiler on the PATH, on each Node.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { gypEnvironment } from '../../scripts/lib/native.mjs';
import { majors, nodeOfMajor, runningNode } from '../../scripts/lib/node_versions.mjs';
import { tool } from '../../scripts/lib/paths.mjs';
import { packed } from '../../scripts/lib/prebuilds.mjs';
import { aliasTarball, Installation, loadTarball, tarball } from './install.mjs';

const pingPong = `
  const fiber = new Fiber((ball) => {
    for (;;) ball = hit(ball);
  });
  const hit = (ball) => Fiber.yield(ball + 1);
  console.log([fiber.resume(0), fiber.resume(10), fiber.resume(20)].join());
`;
const score = '1,11,21';

// What ours depend on, and what those depend on, comes into npm's cache: the versions that a user gets today, which need not
// be those of our lock file.
test.before(() => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-cache-'));
  const quietly = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
  execFileSync('npm', ['install', '--prefix', folder, ...quietly, tarball, loadTarball]);
  rmSync(folder, { recursive: true });
});

// What an application has to carry along, at most: greenfiber, node-gyp-build, and node-addon-api for whoever builds from the
// tarball. Half of the bytes are binaries of one processor, those of each other one come to it.
const MOST_PACKAGES = 3;
const MOST_BYTES = 4e6 + (packed.length - 1) * 2.3e6;

function treeOf(app) {
  const folder = path.join(app, 'node_modules');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const bytes = files.map((file) => statSync(path.join(file.parentPath, file.name)).size);
  return {
    packages: readdirSync(folder).filter((name) => !name.startsWith('.')),
    bytes: bytes.reduce((sum, size) => sum + size, 0),
  };
}

for (const major of majors) {
  test.serial(
    `Node ${major}: installs without a compiler; require and import share one state`,
    async (t) => {
      const user = await Installation.make(nodeOfMajor(major));
      t.false(existsSync(path.join(user.package, 'build')), 'something was compiled');
      const { packages, bytes } = treeOf(user.app);
      const tree = `${packages.length} packages (${packages.join(', ')}), ${(bytes / 1e6).toFixed(2)} MB`;
      t.log(tree);
      t.true(packages.length <= MOST_PACKAGES, tree);
      t.true(bytes <= MOST_BYTES, tree);

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

      const command = path.join('node_modules', 'greenfiber', 'dist', 'cli.js');
      const refused = await t.throwsAsync(user.run(command, 'load', 'scenario.ts'));
      t.regex(refused.stderr, /npm install greenfiber-load$/m);
      await user.install(tarball, loadTarball);
      const scenario = `
      import { check, vu } from 'greenfiber-load';
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

for (const major of majors) {
  test.serial(
    `Node ${major}: a dependency that asks for fibers gets the package that stands for it`,
    async (t) => {
      const user = await Installation.make(nodeOfMajor(major));
      const old = path.join(user.folder, 'old');
      mkdirSync(old);
      const settings = { name: 'old', version: '1.0.0', dependencies: { fibers: '^5.0.0' } };
      writeFileSync(path.join(old, 'package.json'), JSON.stringify(settings));
      const source = `
      const Fiber = require('fibers');
      const Future = require('fibers/future');
      exports.greet = Future.wrap((name, done) => setImmediate(done, null, 'hello ' + name));
      exports.start = (body) => Fiber(body).run();
      exports.Fiber = Fiber;
    `;
      writeFileSync(path.join(old, 'index.js'), source);
      await user.installWith({
        dependencies: { old: `file:${old}` },
        overrides: { fibers: `file:${aliasTarball}` },
      });
      const app = `
      const { Fiber, greet, start } = require('old');
      start(() => console.log(greet('you').wait(), Fiber === require('greenfiber/fibers')));
    `;
      t.is(await user.script('old.cjs', app), 'hello you true');
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
    const command = /`(npx node-gyp [^`]+)`/.exec(seen.message)?.[1];
    t.is(command, 'npx node-gyp rebuild --directory node_modules/greenfiber');

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
