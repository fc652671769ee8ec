// What lib/internal/bootstrap/pkg.js of the Nodes of @yao-pkg/pkg does, and what their patch does to Node's own modules:
// see scripts/lib/pkg_stand_in.mjs.
const fs = require('node:fs');
const Module = require('node:module');
const vm = require('node:vm');
const { isMainThread, getEnvironmentData, setEnvironmentData } = require('node:worker_threads');

if (isMainThread) {
  setEnvironmentData('pkg-places', Number(process.argv.pop()));
  process.argv[1] = 'PKG_DUMMY_ENTRYPOINT';
}

const executable = fs.openSync(process.execPath, 'r');
const read = (position, size) => {
  const bytes = Buffer.alloc(size);
  fs.readSync(executable, bytes, 0, size, position);
  return bytes.toString('latin1');
};
const lines = read(getEnvironmentData('pkg-places'), 120).split('\n');
const [payload, payloadSize, prelude, preludeSize] = lines.map(Number);

// Modules are looked for by what pkg makes of `fs`.
Module._stat = (file) => {
  if (!fs.existsSync(file)) return -1;
  return fs.statSync(file).isDirectory() ? 1 : 0;
};
const { runMain } = Module;
const source = Buffer.from(read(prelude, preludeSize), 'latin1').toString();
const begin = new vm.Script(source, { filename: 'pkg/prelude/bootstrap.js' }).runInThisContext();
begin(process, require, console, executable, payload, payloadSize);
// In a worker they prepare the modules once more, so that its own file is what runs.
if (!isMainThread) Module.runMain = runMain;
