// The reference: a page for each public symbol, made of its docstring by TypeDoc.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../paths.mjs';
import { run } from '../run.mjs';
import { inRepository } from './pages.mjs';

// What is imported, by the types that are shipped; what has the same types under another name is left out.
const same = new Set(['./fibers/future', './fibers/register', './test/globals']);
const { exports } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
const entryPoints = Object.entries(exports)
  .filter(([name, { require }]) => require?.types !== undefined && !same.has(name))
  .map(([, { require }]) => require.types.replace('./dist/', 'lib/').replace('.d.ts', '.ts'));

/** Writes it with what is installed in `folder`. */
export function writeReference(folder, out) {
  const plugin = path.join(folder, 'typedoc_plugin.mjs');
  cpSync(inRoot('scripts', 'lib', 'site', 'typedoc_plugin.mjs'), plugin);
  const options = path.join(folder, 'typedoc.json');
  const settings = {
    entryPoints: entryPoints.map((file) => inRoot(file)),
    tsconfig: inRoot('tsconfig.build.json'),
    out,
    docsRoot: path.dirname(out),
    plugin: [
      'typedoc-plugin-markdown',
      'typedoc-vitepress-theme',
      // TypeDoc's own classes are found from where it is installed.
      plugin,
    ],
    name: 'greenfiber',
    readme: 'none',
    router: 'member',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    sourceLinkTemplate: `${inRepository('{path}')}#L{line}`,
    disableGit: true,
    basePath: inRoot(),
    logLevel: 'Warn',
    validation: { notExported: false },
    treatWarningsAsErrors: true,
    hideBreadcrumbs: true,
  };
  writeFileSync(options, JSON.stringify(settings));
  const typedoc = path.join(folder, 'node_modules', 'typedoc', 'bin', 'typedoc');
  run(process.execPath, [typedoc, '--options', options], {
    cwd: folder,
    env: { ...process.env, GREENFIBER_MANIFEST: inRoot('package.json') },
  });
}
