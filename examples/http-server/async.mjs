// The same documents, served by async functions. Comparators, `toJSON` and the callback of `replace` cannot wait, so what they
// will need is read before they are called; for the links of a document that means to render it twice.
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile, readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { escape, render } from './markdown.mjs';

class NotFound extends Error {}

class Library {
  #root;

  constructor(root) {
    this.#root = root;
  }

  async names() {
    const folders = ['.', 'docs'].map(async (folder) => {
      const files = await readdir(path.join(this.#root, folder));
      return files.map((file) => path.join(folder, file));
    });
    return (await Promise.all(folders)).flat().filter((name) => name.endsWith('.md'));
  }

  async documents() {
    return Promise.all((await this.names()).map((name) => this.#read(name)));
  }

  async document(name) {
    if (!(await this.names()).includes(name)) throw new NotFound(`There is no document ${name}`);
    return this.#read(name);
  }

  async #read(name) {
    return new Document(this, name, await readFile(path.join(this.#root, name), 'utf8'));
  }

  async has(name) {
    try {
      return (await stat(path.join(this.#root, name))) !== undefined;
    } catch {
      return false;
    }
  }
}

class Document {
  #library;

  constructor(library, name, text) {
    this.#library = library;
    this.name = name;
    this.text = text;
  }

  get title() {
    return /^# (.+)/m.exec(this.text)?.[1] ?? this.name;
  }

  get words() {
    return this.text.match(/\w+/g)?.length ?? 0;
  }

  /** Whether the target of a link in this document exists. */
  async reaches(target) {
    if (/^(https?:|#)/.test(target)) return true;
    return this.#library.has(path.join(path.dirname(this.name), target.replace(/#.*/, '')));
  }

  toJSON() {
    return { name: this.name, title: this.title, words: this.words };
  }
}

const page = (title, body) =>
  `<!doctype html><title>${escape(title)}</title>\n<body>${body}<p><a href="/">Index</a></p></body>\n`;

const html = (body) => ({ type: 'text/html; charset=utf-8', body });
const json = (value) => ({ type: 'application/json', body: JSON.stringify(value, null, 2) });

/** All documents, the longest first. */
async function index(library) {
  const items = (await library.documents())
    .sort((a, b) => b.words - a.words)
    .map((document) => {
      const { name, title, words } = document;
      return `<li><a href="/view/${name}">${escape(title)}</a>, ${words} words</li>`;
    });
  return html(page('Documents', `<h1>Documents</h1><ul>${items.join('')}</ul>`));
}

/** One document, broken links struck out. */
async function view(library, url) {
  const document = await library.document(decodeURIComponent(url.pathname.slice('/view/'.length)));
  const targets = new Map();
  render(document.text, (_, target) => {
    targets.set(target, undefined);
    return '';
  });
  const look = async (target) => targets.set(target, await document.reaches(target));
  await Promise.all([...targets.keys()].map(look));
  const link = (label, target) =>
    targets.get(target) ? `<a href="${target}">${label}</a>` : `<del>${label}</del>`;
  return html(page(document.title, render(document.text, link)));
}

/** The documents that contain a word. */
async function search(library, url) {
  const word = (url.searchParams.get('word') ?? '').toLowerCase();
  const documents = await library.documents();
  return json(documents.filter((document) => document.text.toLowerCase().includes(word)));
}

async function answer(library, url) {
  if (url.pathname === '/') return index(library);
  if (url.pathname === '/documents.json') return json(await library.documents());
  if (url.pathname === '/search.json') return search(library, url);
  return view(library, url);
}

const requestId = new AsyncLocalStorage();

async function respond(library, request, response) {
  try {
    const { type, body } = await answer(library, new URL(request.url, 'http://localhost'));
    response.setHeader('content-type', type);
    response.setHeader('x-request-id', requestId.getStore());
    response.end(body);
  } catch (error) {
    response.statusCode = error instanceof NotFound ? 404 : 500;
    response.end(`${error.message}\n`);
  }
}

export function serve(root) {
  const library = new Library(root);
  return createServer((request, response) => {
    const id = request.headers['x-request-id'] ?? 'none';
    void requestId.run(id, () => respond(library, request, response));
  });
}
