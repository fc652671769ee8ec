// The pages of the site: the documents as they are on the disk, where their links lead to each other's pages, and otherwise
// to the repository.
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../paths.mjs';

const { repository } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
const source = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
export const inRepository = (file) => `${source}/blob/main/${file}`;

// Documents that have a page of another name.
const renamed = {
  'README.md': 'index.md',
  'CHANGELOG.md': 'changelog.md',
  'ARCHITECTURE.md': 'architecture.md',
  'load/README.md': 'load.md',
};
const assets = /\.(png|svg)$/;

const markdown = (folder) =>
  readdirSync(inRoot(folder), { recursive: true })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join(folder, file));

/** The documents of the repository, and the page that each becomes. */
export function pagesOfDocuments() {
  const all = [...Object.keys(renamed), ...markdown('docs')];
  return new Map(all.map((file) => [file, renamed[file] ?? file.replace(/^docs\//, '')]));
}

// A link of a document, as its page has it.
function linkFrom(document, pages, link) {
  if (/^(?:[a-z]+:|#)/.test(link)) return link;
  const [, place, anchor = ''] = /^([^#]*)(#.*)?$/.exec(link);
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(document), place));
  const page = pages.get(target) ?? (assets.test(target) ? target.replace(/^docs\//, '') : null);
  if (page === null || page.startsWith('..')) return inRepository(target) + anchor;
  const relative = path.posix.relative(path.posix.dirname(pages.get(document)), page);
  return (relative.startsWith('.') ? relative : `./${relative}`) + anchor;
}

// Code is left alone.
function pageOf(document, pages, text) {
  const withLinks = (part) =>
    part.replace(/\]\(([^)\s]+)\)/g, (_, link) => `](${linkFrom(document, pages, link)})`);
  return text
    .split(/(^```[^]*?^```$|`[^`\n]+`)/m)
    .map((part, number) => (number % 2 === 1 ? part : withLinks(part)))
    .join('');
}

/** Writes the pages into a folder, and the pictures that they show. */
export function writePages(folder) {
  const pages = pagesOfDocuments();
  for (const [document, page] of pages) {
    const file = path.join(folder, page);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, pageOf(document, pages, readFileSync(inRoot(document), 'utf8')));
  }
  cpSync(inRoot('docs', 'images'), path.join(folder, 'images'), { recursive: true });
}
