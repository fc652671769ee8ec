// What `mocha --watch` does when a file has changed: the same process forgets all modules and runs the files again.
require('./main-realm.cjs');

const files = process.argv.slice(2);

async function runOnce(Mocha) {
  const mocha = new Mocha({ ui: 'tdd', timeout: 20_000 });
  for (const file of files) mocha.addFile(file);
  mocha.loadFiles();
  const failures = await new Promise((resolve) => mocha.run(resolve));
  mocha.unloadFiles();
  for (const file of Object.keys(require.cache)) {
    if (!file.includes('/node_modules/mocha/')) delete require.cache[file];
  }
  return failures;
}

(async () => {
  const { default: Mocha } = await import('mocha');
  for (let round = 0; round < 3; round++) process.exitCode = await runOnce(Mocha);
})();
