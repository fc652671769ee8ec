// lib/ -> dist/. What the main entry point passes on is then made to load when it is first read: most programs use a few
// parts, and a module costs a fraction of a millisecond.
import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot, tool } from './lib/paths.mjs';
import { fail, run } from './lib/run.mjs';

run(tool('tsc'), ['-p', 'tsconfig.build.json']);

const file = inRoot('dist', 'index.js');
const names = new Map(); // of the exports, by the module that they come from
const reexport =
  /^(?:var (\w+) = require\("(\.[^"]+)"\);\n)?Object\.defineProperty\(exports, "(\w+)", \{ enumerable: true, get: function \(\) \{ return (\w+)\.\3; \} \}\);\n/gm;
const modules = new Map();
const compiled = readFileSync(file, 'utf8');
const lazy = compiled.replace(reexport, (_, declared, module, name, variable) => {
  if (declared) modules.set(declared, module);
  const from = modules.get(variable);
  names.set(from, [...(names.get(from) ?? []), name]);
  return '';
});
// Another compiler may write it otherwise.
if (names.size < 10 || /^Object\.defineProperty\(exports, "(?!__esModule)/m.test(lazy)) {
  fail('scripts/build_ts.mjs does not understand what the compiler writes');
}
const statements = [...names].map(
  ([from, exported]) =>
    `(0, copies_1.exportLazily)(exports, ${JSON.stringify(exported)}, () => require("${from}"));`,
);
writeFileSync(file, lazy.replace(/(?=\/\/# sourceMappingURL)/, `${statements.join('\n')}\n`));
