/** What others show of a task's error is what its stack says: the task, then who joined it, once, and nobody else. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { answerOf } from '../helpers/answer';
import { runChild } from '../helpers/child';

/** Defines `joined`, an error that was thrown in a task and joined by another, twice. */
const joined = `
  const { spawn, sleep } = require('greenfiber');
  const caught = (call) => { try { call(); } catch (error) { return error; } };
  let joined;
  const ready = spawn(() => {
    const task = spawn(function failing() { sleep(1); throw new Failure('failed'); });
    function joiner() { task.join(); }
    for (const time of [1, 2]) joined = caught(() => joiner());
  });
  class Failure extends Error {}`;

/** The names in a stack that mean something. */
const told = (stack: unknown): string[] =>
  String(stack)
    .split('\n')
    .flatMap((line) => /failing|joiner|[/](?:dist|lib)[/]|greenfiber/.exec(line)?.[0] ?? []);

const STORY = ['failing', 'joiner'];

test('DevTools show the stack of an error that was joined', async (t) => {
  const program = `${joined}
    const session = new (require('node:inspector').Session)();
    session.connect();
    const post = (method, params) => {
      let answer;
      session.post(method, params, (error, result) => { answer = error ?? result; });
      return answer;
    };
    post('Runtime.enable');
    let logged;
    session.on('Runtime.consoleAPICalled', ({ params }) => { logged = params.args[0].description; });
    ready.then(() => {
      globalThis.joined = joined;
      const thrown = post('Runtime.evaluate', { expression: 'throw joined' });
      const value = post('Runtime.evaluate', { expression: 'joined' });
      require('node:inspector').console.error(joined);
      console.log(JSON.stringify([
        joined.stack, thrown.exceptionDetails.exception.description, value.result.description, logged,
      ]));
    });`;
  const shown = (await answerOf(t, program)) as string[];
  t.deepEqual(shown.map(told), [STORY, STORY, STORY, STORY]);
});

test('Node prints the same of one that nobody catches', async (t) => {
  const program = `${joined}
    ready.then(() => setImmediate(() => { throw joined; }));`;
  for (const flags of [[], ['--enable-source-maps']]) {
    const { code, stderr } = await runChild(program, { flags });
    t.is(code, 1);
    t.deepEqual(told(stderr.slice(stderr.lastIndexOf(': failed\n'))), STORY);
  }
});

test('with source maps, frames are those of the sources, and still nobody else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'maps-'));
  const lines = `${joined.replace("require('greenfiber')", 'globalThis.greenfiber')}
    ready.then(() => console.log(JSON.stringify(joined.stack)));`.split('\n');
  const file = join(folder, 'compiled.cjs');
  writeFileSync(file, [...lines, '//# sourceMappingURL=compiled.cjs.map'].join('\n'));
  const mappings = lines.map((_, i) => (i === 0 ? 'AAAA' : 'AACA')).join(';');
  const map = { version: 3, sources: ['written.ts'], names: [], mappings };
  writeFileSync(`${file}.map`, JSON.stringify(map));
  const program = `globalThis.greenfiber = require('greenfiber'); require(${JSON.stringify(file)})`;
  const flags = ['--enable-source-maps'];
  const stack = (await answerOf(t, program, { flags })) as string;
  t.deepEqual(told(stack), STORY);
  t.regex(stack, /failing \(.*written\.ts:6.*\n\s+at async joiner \(.*written\.ts:7/);
});

test('an error whose trace was captured by its class tells the same story', async (t) => {
  const program = `${joined.replace(
    'class Failure extends Error {}',
    `class Failure extends Error {
      constructor(message) {
        super(message);
        Error.captureStackTrace(this, Failure);
      }
    }`,
  )}
    ready.then(() => console.log(JSON.stringify(joined.stack)));`;
  t.deepEqual(told(await answerOf(t, program)), STORY);
});

test('so does one that Error.prepareStackTrace writes as V8 does', async (t) => {
  const program = `
    Error.prepareStackTrace = (error, sites) =>
      [\`\${error.name}: \${error.message} (prepared)\`, ...sites.map((site) => \`    at \${site}\`)].join('\\n');
    ${joined}
    ready.then(() => console.log(JSON.stringify(joined.stack)));`;
  const stack = (await answerOf(t, program)) as string;
  t.regex(stack, /^Error: failed \(prepared\)\n/);
  t.deepEqual(told(stack), STORY);
});

test('what Error.prepareStackTrace makes in another form is left as it is', async (t) => {
  const program = `
    Error.prepareStackTrace = (error, sites) => sites;
    ${joined}
    ready.then(() => console.log(JSON.stringify([Array.isArray(joined.stack), joined.stack[0].getFunctionName()])));`;
  t.deepEqual(await answerOf(t, program), [true, 'failing']);
  const hostile = `
    Error.prepareStackTrace = () => { throw new TypeError('a formatter that fails'); };
    ${joined}
    ready.then(() => { Error.prepareStackTrace = undefined; console.log(JSON.stringify(joined.message)); });`;
  t.is(await answerOf(t, hostile), 'failed');
});
