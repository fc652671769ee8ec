// The data layer: the Markdown files of this repository. It reads like blocking code, getters included, and
// it is asynchronous underneath: wait() is the only trace of that.
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { wait } from 'greenfiber';

export class NotFound extends Error {}

export class Library {
  #root;

  constructor(root) {
    this.#root = root;
  }

  get documents() {
    return ['.', 'docs']
      .flatMap((folder) =>
        wait(readdir(path.join(this.#root, folder))).map((file) => path.join(folder, file)),
      )
      .filter((name) => name.endsWith('.md'))
      .map((name) => new Document(this, name));
  }

  document(name) {
    const found = this.documents.find((document) => document.name === name);
    if (!found) throw new NotFound(`There is no document ${name}`);
    return found;
  }

  read(name) {
    return wait(readFile(path.join(this.#root, name), 'utf8'));
  }

  has(name) {
    try {
      return wait(stat(path.join(this.#root, name))) !== undefined;
    } catch {
      return false;
    }
  }
}

class Document {
  #library;
  #text;

  constructor(library, name) {
    this.#library = library;
    this.name = name;
  }

  get text() {
    return (this.#text ??= this.#library.read(this.name));
  }

  get title() {
    return /^# (.+)/m.exec(this.text)?.[1] ?? this.name;
  }

  get words() {
    return this.text.match(/\w+/g)?.length ?? 0;
  }

  /** Whether the target of a link in this document exists. */
  reaches(target) {
    if (/^(https?:|#)/.test(target)) return true;
    return this.#library.has(path.join(path.dirname(this.name), target.replace(/#.*/, '')));
  }

  toJSON() {
    return { name: this.name, title: this.title, words: this.words };
  }
}
