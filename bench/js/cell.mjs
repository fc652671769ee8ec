// The parent's side of child.mjs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { howItEnded } from './run-process.mjs';

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
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let stderr = '';
    this.#child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr = (stderr + chunk).slice(-4096);
    });
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      throw new Error(howItEnded({ code, signal, stderr }));
    });
    this.#ended.catch(() => undefined);
  }

  // Resolves when the cell is warm.
  async ready() {
    await this.#answer();
  }

  // { nanoseconds } that an operation took in one more batch.
  measure() {
    if (this.#child.connected) this.#child.send({});
    return this.#answer();
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
