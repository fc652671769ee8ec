// The ava suite. On the running Node it is whole under the direct engine, and what differs under the other one.
//
//   npm run test:js -- --node 22 --engine locker --match '*yield*'
//   npm run test:js -- --file test/sync/channel.test.ts     just these tests; several, and globs, too
//   npm run test:js -- --with domain    every test process begins with that file of test/preload, and what no
//                                       asynchronous context makes a difference to is left out
//
// What is missing is built first: the Node, its addon, lib and the tests. The engine may also be in GREENFIBER_ENGINE.
// All other arguments go to ava.
import { buildNative, mirrorSources } from './lib/native.mjs';
import { majors, builtMajors, nodeOfMajor } from './lib/node_versions.mjs';
import { fail, run } from './lib/run.mjs';
import { compileTests, engines, runSuite, suiteOf } from './lib/suite.mjs';
import { chosenTests } from './lib/test_choice.mjs';
import { add, none, print, printFailures, reportOfAva } from './lib/totals.mjs';

let choice;
try {
  choice = chosenTests(process.argv.slice(2));
} catch (error) {
  fail(error.message);
}
const { preload, args, picked, engine = process.env.GREENFIBER_ENGINE } = choice;
if (engine && !engines.includes(engine))
  fail(`--engine ${engine}: there are ${engines.join(', ')}`);

const running = Number(process.versions.node.split('.')[0]);
const major = Number(choice.node ?? running);
const known = [...majors, ...builtMajors].sort();
if (major !== running && !known.includes(major)) {
  fail(`--node ${choice.node}: there are ${known.join(', ')}`);
}

// The running Node's addon is built by setup.mjs, another's beside that Node.
let node = { execPath: process.execPath, version: process.versions.node };
let binding;
if (major === running) {
  run(process.execPath, ['scripts/setup.mjs']);
} else {
  run(process.execPath, ['scripts/setup.mjs', '--without-addon']);
  node = nodeOfMajor(major);
  binding = buildNative(node.nodedir, mirrorSources(node.folder));
}
compileTests();

const chosen = engine ? [engine] : engines;
let totals = none;
const failures = [];
for (const each of chosen) {
  const title = `Suite on Node ${node.version}, ${each} engine${preload ? `, with ${preload}` : ''}`;
  console.log(`\n${title}`);
  const whole = !preload && (picked || each === chosen[0]);
  const suite = whole ? 'whole' : suiteOf(each, preload);
  const { execPath } = node;
  const result = await runSuite({ execPath, engine: each, suite, binding, preload, args });
  totals = add(totals, result.totals);
  if (result.totals.failed) failures.push({ title, report: reportOfAva(result.output) });
}
printFailures(failures);
print(totals);
process.exitCode = totals.failed ? 1 : 0;
