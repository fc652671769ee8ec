import { join } from 'node:path';

import * as ts from 'typescript';

const DIST = `${join(__dirname, '../../dist')}/`;
const DEEPEST_OPTION = 3;

/**
 * Where the public functions of these entry points take a number, as the declarations say: `sleep ms`,
 * `new Offload options.batch.size`, `Condition#notify count`.
 */
export function publicNumbers(entryPoints: readonly string[]): string[] {
  const files = entryPoints.map((name) => `${join(DIST, name, 'index')}.d.ts`);
  const program = ts.createProgram(files, {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node20,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    skipLibCheck: true,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const found = new Set<string>();

  const isOurs = (symbol: ts.Symbol | undefined): boolean =>
    symbol?.declarations?.some((one) => one.getSourceFile().fileName.startsWith(DIST)) === true;

  function visit(type: ts.Type, path: string, depth: number): void {
    if (type.isUnion()) {
      for (const one of type.types) visit(one, path, depth);
    } else if ((type.flags & ts.TypeFlags.NumberLike) !== 0) {
      found.add(path);
    } else if (depth < DEEPEST_OPTION && isOptions(type)) {
      for (const option of type.getProperties().filter(isOurs)) {
        visit(checker.getTypeOfSymbol(option), `${path}.${option.name}`, depth + 1);
      }
    }
  }

  function isOptions(type: ts.Type): boolean {
    const symbol = type.getSymbol();
    const isClass = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Class) !== 0;
    return isOurs(symbol) && !isClass && type.getCallSignatures().length === 0;
  }

  function visitSignatures(name: string, signatures: readonly ts.Signature[]): void {
    for (const parameter of signatures.flatMap((one) => one.getParameters())) {
      visit(checker.getTypeOfSymbol(parameter), `${name} ${parameter.name}`, 0);
    }
  }

  function visitMember(name: string, member: ts.Symbol): void {
    const type = checker.getTypeOfSymbol(member);
    visitSignatures(name, type.getCallSignatures());
    if ((member.flags & ts.SymbolFlags.SetAccessor) !== 0) visit(type, name, DEEPEST_OPTION);
  }

  function visitExport(symbol: ts.Symbol): void {
    const type = checker.getTypeOfSymbol(symbol);
    visitSignatures(symbol.name, type.getCallSignatures());
    visitSignatures(`new ${symbol.name}`, type.getConstructSignatures());
    for (const member of type.getProperties().filter(isOurs)) {
      visitMember(`${symbol.name}.${member.name}`, member);
    }
    if ((symbol.flags & ts.SymbolFlags.Class) === 0) return;
    for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties().filter(isOurs)) {
      visitMember(`${symbol.name}#${member.name}`, member);
    }
  }

  for (const file of files) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module: build it first`);
    for (const exported of checker.getExportsOfModule(module)) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      if ((symbol.flags & ts.SymbolFlags.Value) !== 0) visitExport(symbol);
    }
  }
  return [...found];
}
