// The parent's side of child.mjs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('child.mjs', import.meta.url));

export class Cell {
  #child;
  #ended;

  // `options`: { execPath, env, milliseconds }
  constructor(file, name, options) {
    this.#child = fork(program, [file, name, String(options.milliseconds)], {
      execPath: options.execPath,
      execArgv: [],
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => {
      throw new Error(`${file}, ${name}: ended by ${signal ?? `exit code ${code}`}`);
    });
    this.#ended.catch(() => undefined);
  }

  // Resolves when the cell is warm.
  async ready() {
    await this.#answer();
  }

  // Nanoseconds an operation took in one more batch.
  async measure() {
    if (this.#child.connected) this.#child.send({});
    return (await this.#answer()).nanoseconds;
  }

  stop() {
    this.#child.kill();
  }

  async #answer() {
    const abandoned = new AbortController();
    try {
      const message = once(this.#child, 'message', { signal: abandoned.signal });
      message.catch(() => undefined);
      return (await Promise.race([message, this.#ended]))[0];
    } finally {
      abandoned.abort();
    }
  }
}
