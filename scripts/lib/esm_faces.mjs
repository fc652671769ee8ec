// The faces that entry points show to `import`. One CommonJS instance serves `require` and `import`, so that both share
// the same fibers: a face passes on what package.json's entry for `require` exports, as its declarations name it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { fail } from './run.mjs';

// Whether a name is passed on with `type` somewhere: of a class, say, that nobody else is to construct.
function isTypeOnly(checker, symbol) {
  if (!(symbol.flags & ts.SymbolFlags.Alias)) return !(symbol.flags & ts.SymbolFlags.Value);
  if (symbol.declarations.some(ts.isTypeOnlyImportOrExportDeclaration)) return true;
  return isTypeOnly(checker, checker.getImmediateAliasedSymbol(symbol));
}

// What an entry point exports: { value: names, type: names }, and `whole` where the module is what it exports.
function exportsOf(checker, source) {
  const names = { value: [], type: [], whole: false };
  const module = checker.getSymbolAtLocation(source);
  if (!module) return names;
  names.whole = module.exports.has(ts.InternalSymbolName.ExportEquals);
  if (names.whole) return names;
  const symbols = checker.getExportsOfModule(module);
  const target = (symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const standard = symbols.find(({ name }) => name === 'default');
  for (const symbol of symbols) {
    if (symbol === standard) continue;
    names[isTypeOnly(checker, symbol) ? 'type' : 'value'].push(symbol.name);
  }
  if (standard) {
    const named = symbols.find(
      (symbol) => symbol !== standard && target(symbol) === target(standard),
    );
    if (!named) fail(`${source.fileName}: what it exports as default needs a name, too`);
    names.value.push(`${named.name} as default`);
  }
  return names;
}

function face({ value, type, whole }, from, { types }) {
  if (whole) return `import whole from '${from}';\nexport default whole;\n`;
  const names = [...value, ...(types ? type.map((name) => `type ${name}`) : [])].sort();
  return names.length
    ? `export {\n  ${names.join(',\n  ')},\n} from '${from}';\n`
    : `import '${from}';\n`;
}

// Writes those of a package that have no source of their own in its lib/.
export function writeFaces(packageFolder) {
  const { exports } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
  const entries = Object.values(exports).filter(({ import: face }) => face?.default);
  const written = entries.filter((entry) => {
    const source = entry.import.default.replace('./dist/', 'lib/').replace(/\.mjs$/, '.mts');
    return !existsSync(path.join(packageFolder, source));
  });
  const declarations = written.map((entry) => path.join(packageFolder, entry.require.types));
  const program = ts.createProgram(declarations, {
    module: ts.ModuleKind.Node20,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  written.forEach((entry, index) => {
    const names = exportsOf(checker, program.getSourceFile(declarations[index]));
    const from = `./${path.basename(entry.require.default)}`;
    const { default: module, types } = entry.import;
    writeFileSync(path.join(packageFolder, module), face(names, from, { types: false }));
    writeFileSync(path.join(packageFolder, types), face(names, from, { types: true }));
  });
}
