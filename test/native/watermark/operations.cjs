// What JavaScript may do just above its stack limit, and V8 or Node then do in C++ without checking. Each
// operation does its work afresh every time; a slow one is performed less often.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const v8 = require('node:v8');
const vm = require('node:vm');
const zlib = require('node:zlib');
const crypto = require('node:crypto');
const inspector = require('node:inspector');
const net = require('node:net');
const { Worker } = require('node:worker_threads');
const childProcess = require('node:child_process');

let serial = 0;
const unique = (text) => text.replaceAll('UNIQUE', `u${++serial}`);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'greenfiber-watermark-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'file.txt');
fs.writeFileSync(file, 'content');
const nested = { a: [1, 'two', { three: [3, { four: 4 }] }], b: { toJSON: () => ({ c: null }) } };
const bigBody = Array.from({ length: 300 }, (_, i) => `if (x === ${i}) { y += x * ${i}; }`).join(
  ' ',
);
const wasmAdd = Buffer.from(
  '0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b',
  'hex',
);

function makeModule() {
  const name = path.join(folder, `module${++serial}.cjs`);
  fs.writeFileSync(
    name,
    'exports.add = (a, b) => a + b; class A { #x = 1; get x() { return this.#x; } }',
  );
  return name;
}
let modules;

function optimizable() {
  const run = new Function(
    'a',
    unique(
      'let UNIQUE = 0; for (const x of a) { UNIQUE += Math.sqrt(x * x) | 0; } return String(UNIQUE);',
    ),
  );
  const prepare = new Function('f', '%PrepareFunctionForOptimization(f)');
  const optimize = new Function('f', '%OptimizeFunctionOnNextCall(f)');
  prepare(run);
  run([1, 2.5, 3]);
  return () => {
    optimize(run);
    run([1, 2.5, 3]);
  };
}
let optimizables;
const slow = (operation) => Object.assign(operation, { slow: true });
const takeOne = (list) => list.pop();

module.exports = {
  'plain call': () => [].at(0),
  'vm.Script, compile and run': () =>
    new vm.Script(unique('let UNIQUE = 1; (() => UNIQUE)()')).runInThisContext(),
  'vm.runInNewContext': () => vm.runInNewContext('1 + 1'),
  'require of a small module': () =>
    require(takeOne((modules ??= Array.from({ length: 400 }, makeModule)))),
  'tier-up in a hot loop': () =>
    new Function(
      unique('let UNIQUE = 0; for (let i = 0; i < 1e5; i++) UNIQUE += i % 7; return UNIQUE;'),
    )(),
  'optimising compile': () =>
    takeOne((optimizables ??= Array.from({ length: 400 }, optimizable)))(),
  'first compile of a big function': () =>
    new Function('x', unique(`let y = 0, UNIQUE; ${bigBody} return y;`))(1),
  'eval of deeply nested code': () => (0, eval)(`${'('.repeat(60)}1${')'.repeat(60)}`),
  spawn: () => childProcess.spawn('true').unref(),
  spawnSync: () => childProcess.spawnSync('true'),
  readFileSync: () => fs.readFileSync(file, 'utf8'),
  writeFileSync: () => fs.writeFileSync(file, 'content'),
  readdirSync: () => fs.readdirSync(folder, { withFileTypes: true }),
  statSync: () => fs.statSync(file),
  'realpathSync.native': () => fs.realpathSync.native(file),
  realpathSync: () => fs.realpathSync(file),
  mkdtempSync: () => fs.mkdtempSync(path.join(folder, 'x')),
  cpSync: () => fs.cpSync(file, `${file}.copy`),
  'process.report': () => process.report.getReport(),
  'console.log': () => console.log('text %o', nested),
  'error stack': () => new Error('message').stack,
  URL: () => new URL('https://user@example.org:8080/a/../b?c=d#e'),
  'JSON.stringify': () => JSON.stringify(nested, null, 2),
  'JSON.parse': () => JSON.parse('{"a":[1,2,{"b":[3,{"c":{}}]}]}'),
  structuredClone: () => structuredClone({ a: [1, { b: new Map([[1, 2]]) }] }),
  'RegExp, compile and backtrack': () =>
    new RegExp(unique('^(UNIQUE|(a+)+b?)*$')).test('aaaaaaaab'),
  'RegExp, Unicode properties': () =>
    new RegExp(unique('\\p{L}+\\p{Emoji}|UNIQUE'), 'iu').test('ü'),
  'Intl.DateTimeFormat': () => new Intl.DateTimeFormat('de', { dateStyle: 'full' }).format(0),
  'Intl.Collator, sort': () => ['b', 'ä', 'a'].sort(new Intl.Collator('sv').compare),
  'String.normalize, localeCompare': () => 'é'.normalize('NFD').localeCompare('e', 'fr'),
  'BigInt division and toString': () => String(10n ** 400n / 7n ** 90n),
  'garbage collection': () => gc(),
  scavenge: () => gc({ type: 'minor' }),
  'crypto hash': () => crypto.createHash('sha256').update('x').digest('hex'),
  'crypto key pair, signature': () => {
    const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    crypto.sign('sha256', Buffer.from('x'), privateKey);
  },
  'zlib, both ways': () => zlib.gunzipSync(zlib.gzipSync('x'.repeat(1000))),
  'brotli, both ways': () => zlib.brotliDecompressSync(zlib.brotliCompressSync('x'.repeat(1000))),
  'WebAssembly compile and run': () =>
    new globalThis.WebAssembly.Instance(new globalThis.WebAssembly.Module(wasmAdd)).exports.add(
      1,
      2,
    ),
  'process.memoryUsage, cpuUsage': () => [process.memoryUsage(), process.cpuUsage()],
  'os.networkInterfaces': () => os.networkInterfaces(),
  'v8.serialize': () => v8.deserialize(v8.serialize(nested.a)),
  'heap snapshot': slow(() => v8.writeHeapSnapshot(path.join(folder, 'snapshot'))),
  'inspector session': () => {
    const session = new inspector.Session();
    session.connect();
    session.post('Runtime.evaluate', { expression: '1 + 1' }, () => undefined);
    session.disconnect();
  },
  'tls.createSecureContext': slow(() => tls.createSecureContext()),
  'listen and close': () => net.createServer().listen(0).close(),
  'new Worker': slow(() => new Worker('0', { eval: true }).unref()),
};
