// lib/ -> dist/, in both packages, and the faces for `import`. What the main entry point passes on is then made to load when it is first read: most
// programs use a few parts, and a module costs a fraction of a millisecond.
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeFaces } from './lib/esm_faces.mjs';
import { inRoot, tool } from './lib/paths.mjs';
import { fail, run } from './lib/run.mjs';
import { dropOtherTypes } from './lib/shipped_types.mjs';

// What is published is as small as it can be: source maps lead to lib/, which does not travel, and what the docstrings say is
// in the declarations, of which those travel that a project can see.
const toPublish = process.argv.includes('--to-publish');
const withoutMaps = ['--sourceMap', 'false', '--declarationMap', 'false'];
const passes = toPublish
  ? [
      [...withoutMaps, '--removeComments', '--declaration', 'false'],
      [...withoutMaps, '--emitDeclarationOnly'],
    ]
  : [[]];
// The load tester sees of greenfiber what has been built.
for (const folder of [inRoot(), inRoot('load')]) {
  const project = ['-p', path.join(folder, 'tsconfig.build.json')];
  for (const flags of passes) run(tool('tsc'), [...project, ...flags]);
  writeFaces(folder);
  if (toPublish) dropOtherTypes(folder);
}

// In a checkout the load tester is also where it was before it became a package: programs name dist/load.
const link = inRoot('dist', 'load');
rmSync(link, { recursive: true, force: true });
if (!toPublish) symlinkSync(path.join('..', 'load', 'dist'), link);

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
// By such a statement Node finds the names that `import` may ask for. The compiler writes none for a name that a global
// function has, too.
const undeclared = [...names.values()]
  .flat()
  .filter((name) => !compiled.includes(`exports.${name} =`));
statements.unshift(...undeclared.map((name) => `exports.${name} = void 0;`));
writeFileSync(
  file,
  lazy.replace(/(?=\/\/# sourceMappingURL|$(?![^]))/, `${statements.join('\n')}\n`),
);
