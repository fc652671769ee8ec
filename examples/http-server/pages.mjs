// What the server answers. Ordinary synchronous code: no page knows where it blocks.
import { escape, render } from './markdown.mjs';

const page = (title, body) =>
  `<!doctype html><title>${escape(title)}</title>\n<body>${body}<p><a href="/">Index</a></p></body>\n`;

const html = (body) => ({ type: 'text/html; charset=utf-8', body });
const json = (value) => ({ type: 'application/json', body: JSON.stringify(value, null, 2) });

/** All documents, the longest first: the comparator reads the files. */
function index({ documents }) {
  const items = documents
    .sort((a, b) => b.words - a.words)
    .map((document) => {
      const { name, title, words } = document;
      return `<li><a href="/view/${name}">${escape(title)}</a>, ${words} words</li>`;
    });
  return html(page('Documents', `<h1>Documents</h1><ul>${items.join('')}</ul>`));
}

/** One document, broken links struck out: the callback of `replace` looks for the file. */
function view(library, url) {
  const document = library.document(decodeURIComponent(url.pathname.slice('/view/'.length)));
  const link = (label, target) =>
    document.reaches(target) ? `<a href="${target}">${label}</a>` : `<del>${label}</del>`;
  return html(page(document.title, render(document.text, link)));
}

/** The documents that contain a word: `toJSON`, called by JSON.stringify, reads them. */
function search({ documents }, url) {
  const word = (url.searchParams.get('word') ?? '').toLowerCase();
  return json(documents.filter((document) => document.text.toLowerCase().includes(word)));
}

const list = ({ documents }) => json(documents);

export function answer(library, url) {
  if (url.pathname === '/') return index(library);
  if (url.pathname === '/documents.json') return list(library);
  if (url.pathname === '/search.json') return search(library, url);
  return view(library, url);
}
