// Builds the site of the documents, searchable, with a reference made of the docstrings: build/site. What it is built with
// comes from npm, once, into the git-ignored folder .site.
//
//   npm run site                  GREENFIBER_SITE_BASE=/greenfiber/ where it is not at the root of its host
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { installInto } from './lib/npm_folder.mjs';
import { inRoot } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { writePages } from './lib/site/pages.mjs';
import { writeReference } from './lib/site/reference.mjs';

const folder = inRoot('.site');
const pages = path.join(folder, 'pages');

installInto(folder, [
  'typedoc@0.28',
  'typedoc-plugin-markdown@4',
  'typedoc-vitepress-theme@1',
  'vitepress@1',
]);
rmSync(pages, { recursive: true, force: true });
writePages(pages);
writeReference(folder, path.join(pages, 'reference'));
const config = path.join(pages, '.vitepress');
mkdirSync(config);
for (const file of ['config.mjs', 'contents.mjs']) {
  cpSync(inRoot('scripts', 'lib', 'site', file), path.join(config, file));
}
cpSync(inRoot('package.json'), path.join(config, 'package.json'));
const vitepress = path.join(folder, 'node_modules', 'vitepress', 'bin', 'vitepress.js');
run(process.execPath, [vitepress, 'build', pages]);
