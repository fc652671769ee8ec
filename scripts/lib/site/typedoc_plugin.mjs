// TypeDoc loads this: modules are called what they are imported as, and a docstring may link to whatever is public, also
// where its file does not import that.
import { readFileSync } from 'node:fs';
import { Converter, ReflectionKind } from 'typedoc';

const { exports } = JSON.parse(readFileSync(process.env.GREENFIBER_MANIFEST, 'utf8'));
const imports = new Map(
  Object.entries(exports).map(([name, { require }]) => [
    require?.types?.replace(/^\.\/dist\//, '').replace(/(^|\/)?(index)?\.d\.ts$/, ''),
    name.replace(/^\./, 'greenfiber'),
  ]),
);

export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      module.name = imports.get(module.name.replace(/^lib\/?/, '')) ?? module.name;
    }
  });
  converter.addUnknownSymbolResolver(({ symbolReference }, { project }, link) => {
    if (link === undefined) return undefined; // a type, not a docstring's
    const [first, ...rest] = (symbolReference?.path ?? []).map(({ path }) => path);
    const found = project
      .getReflectionsByKind(ReflectionKind.All)
      .find(({ name, parent }) => name === first && parent?.kind === ReflectionKind.Module);
    const target = rest.length === 0 ? found : found?.getChildByName(rest);
    return target && { target };
  });
}
