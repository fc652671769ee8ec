// The compiler compiles this repository's lib: its host waits for every file, its transformer for every function.
'use strict';

const { readdirSync } = require('node:fs');
const path = require('node:path');

const ts = require('typescript');

const { blocking, pause } = require('../blocking.cjs');
const { digest } = require('../digest.cjs');

const compile = blocking((folder) => {
  const config = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const host = ts.createCompilerHost(options);
  const { readFile, getSourceFile } = host;
  host.readFile = (file) => pause(readFile(file));
  host.getSourceFile = (...args) => pause(getSourceFile(...args));
  const written = {};
  host.writeFile = (file, text) => (written[path.relative('', file)] = digest(pause(text)));
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name));
  const program = ts.createProgram(files, { ...options, noEmit: false, incremental: false }, host);
  const visitor = (context) => {
    const visit = (node) => {
      if (ts.isFunctionLike(node)) pause(node);
      return ts.visitEachChild(node, visit, context);
    };
    return (source) => ts.visitNode(source, visit);
  };
  program.emit(undefined, undefined, undefined, false, { before: [visitor] });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  return [diagnostics.map((one) => one.messageText), written];
});

Promise.all(['lib/sync', 'lib/effects'].map((folder) => compile(folder))).then((results) =>
  console.log(JSON.stringify(results, undefined, 1)),
);
