import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { runChild } from '../helpers/child';

const ROOT = join(__dirname, '../..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

/** Another installation, `version` of greenfiber. */
function installCopy(ofVersion: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-copy-'));
  const build = 'build/Release/greenfiber.node';
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  if (existsSync(join(ROOT, build))) {
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    cpSync(join(ROOT, build), join(folder, build));
  }
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: ofVersion }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function answerOf(program: string, copy?: string): Promise<unknown> {
  const source = `const COPY = ${JSON.stringify(copy ?? '')}, ROOT = ${JSON.stringify(ROOT)};${program}`;
  const { code, signal, stdout, stderr } = await runChild(source);
  if (copy !== undefined) rmSync(copy, { recursive: true });
  if (code !== 0) throw new Error(`${String(code ?? signal)}: ${stderr}`);
  return JSON.parse(stdout);
}

test('a second copy of the same version shares the fibers and tasks of the first', async (t) => {
  const program = `
    const one = require('greenfiber'), two = require(COPY + '/dist/index.js');
    const http = require(COPY + '/dist/http/index.js'); // the first one has not loaded it
    const resumed = new two.Fiber(() => one.Fiber.yield(3)).resume();
    one.spawn(() => {
      two.sleep(1);
      const isOurs = two.currentTask() === one.currentTask();
      console.log(JSON.stringify([one.engine !== 'none', two.Fiber === one.Fiber, resumed, isOurs, typeof http.createServer]));
    });
  `;
  t.deepEqual(await answerOf(program, installCopy(version)), [true, true, 3, true, 'function']);
});

test('a copy of another version is refused, and says who is there and what to do', async (t) => {
  const program = `
    const one = require('greenfiber'), two = require(COPY + '/dist/index.js');
    const attempts = [() => new two.Fiber(() => 1), () => two.spawn(() => 1), () => two.Fiber.yield()];
    const errors = attempts.map((attempt) => {
      try {
        attempt();
      } catch (error) {
        return [error instanceof two.FiberError, error.code, error.message];
      }
    });
    const usable = [two.isSupported, two.engine, two.Fiber.isYieldable(), two.stats().alive];
    new two.Channel();
    console.log(JSON.stringify({ errors, usable, one: new one.Fiber(() => 7).resume() }));
  `;
  const copy = installCopy('7.7.7');
  const { errors, usable, one } = (await answerOf(program, copy)) as {
    errors: [boolean, string, string][];
    usable: unknown[];
    one: number;
  };
  for (const [isFiberError, code, message] of errors) {
    t.true(isFiberError);
    t.is(code, 'ERR_FIBER_UNSUPPORTED');
    for (const part of [version, '7.7.7', copy, ROOT, 'npm ls greenfiber', 'worker']) {
      t.true(message.includes(part), part);
    }
  }
  t.deepEqual(usable, [false, 'none', false, 0]);
  t.is(one, 7);
});

test('modules that a program has forgotten are the same when they are loaded again', async (t) => {
  const program = `
    const forget = () => {
      for (const file of Object.keys(require.cache)) delete require.cache[file];
    };
    const before = require('greenfiber');
    forget();
    const { snapshot } = require('greenfiber/inspect');
    forget();
    const after = require('greenfiber');
    const task = before.spawn(() => {
      forget();
      after.sleep(1); // and with it what is loaded when it is first used
      new after.Channel();
      return snapshot().tasks.length;
    });
    task.then((tasks) => console.log(JSON.stringify([before === after, tasks])));
  `;
  t.deepEqual(await answerOf(program), [true, 1]);
});

test('a deadlock is still told when all modules were forgotten', async (t) => {
  const { code, stderr } = await runChild(`
    const { Channel, spawn } = require('greenfiber');
    spawn(() => new Channel().receive()).name = 'left alone';
    for (const file of Object.keys(require.cache)) delete require.cache[file];
  `);
  t.is(code, 13);
  t.regex(stderr, /"left alone" \[parked\]: waits in Channel\.receive/);
});

test('ES modules of another query are of the same copy', async (t) => {
  const program = `
    const one = require('greenfiber');
    const url = 'file://' + ROOT + '/dist/index';
    Promise.all([import(url + '.mjs?a'), import(url + '.mjs?b'), import(url + '.js?c')]).then((all) => {
      console.log(JSON.stringify(all.map(({ Fiber }) => Fiber === one.Fiber)));
    });
  `;
  t.deepEqual(await answerOf(program), [true, true, true]);
});

/** What Jest does: each test file has a global object and modules of its own, which do not work any more when it has ended. */
const IN_CONTEXTS = `
  const vm = require('node:vm'), path = require('node:path'), fs = require('node:fs');
  const runFile = (source) => {
    let hasEnded = false;
    const context = vm.createContext({ process: { env: {} }, console, setTimeout, clearTimeout });
    const modules = new Map();
    const load = (file) => {
      if (modules.has(file)) return modules.get(file).exports;
      const module = { exports: {}, filename: file, children: [] };
      modules.set(file, module);
      run(fs.readFileSync(file, 'utf8'), file, module);
      return module.exports;
    };
    const run = (text, file, module) => {
      const names = ['module', 'exports', 'require', '__filename', '__dirname'];
      const wrapper = vm.compileFunction(text, names, { parsingContext: context });
      const requireHere = (name) => {
        if (hasEnded) throw new Error('required after the end');
        if (!name.startsWith('.')) return require(name);
        if (name.endsWith('.json')) return require(path.resolve(path.dirname(file), name));
        return load(path.resolve(path.dirname(file), name + '.js'));
      };
      return wrapper(module, module.exports, requireHere, file, path.dirname(file));
    };
    const result = run(source, ROOT + '/dist/test.js', { exports: {} });
    return {
      result,
      end: () => {
        hasEnded = true;
        for (const name of Object.keys(context)) delete context[name];
      },
    };
  };
`;

test('files in contexts of their own share the runtime, and leave nothing behind that fires', async (t) => {
  const program = `${IN_CONTEXTS}
    const source = \`
      const { Channel, Fiber, FiberError, sleep, spawn } = require('./index');
      for (let i = 0; i < 300; i++) new Fiber(() => Fiber.yield()).resume();
      spawn(() => new Channel().receive()); // for ever: the process is not this file's
      spawn(() => sleep(1200)).unref();
      const task = spawn(() => {
        sleep(1);
        return Fiber.current !== undefined;
      });
      return { task: task.promise(), Fiber };
    \`;
    (async () => {
      const classes = [], answers = [];
      for (let i = 0; i < 3; i++) {
        const { result, end } = runFile(source);
        classes.push(result.Fiber);
        answers.push(await result.task);
        end();
      }
      await new Promise((resolve) => setTimeout(resolve, 2500)); // memory is looked after once a second
      console.log(JSON.stringify([answers, new Set(classes).size]));
    })();
  `;
  t.deepEqual(await answerOf(program), [[true, true, true], 1]);
});

test('tasks sleep by the timers of the context that loaded greenfiber last', async (t) => {
  const program = `${IN_CONTEXTS}
    const { result } = runFile(\`
      const { sleep, spawn } = require('./index');
      const faked = [];
      globalThis.setTimeout = (callback, ms) => faked.push({ callback, ms });
      return { task: spawn(() => sleep(86_400_000)).promise(), faked };
    \`);
    setTimeout(() => {
      for (const { callback } of result.faked) callback();
      result.task.then(() => console.log(JSON.stringify(result.faked.map(({ ms }) => ms))));
    }, 20);
  `;
  t.deepEqual(await answerOf(program), [86_400_000]);
});
