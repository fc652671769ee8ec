import type * as promises from 'node:fs/promises';

import { iterate } from '../everyday/iterate';
import { showAs } from '../base/look';
import { blockingTask, current } from '../scheduler/current';
import { shield } from '../scheduler/limits';
import type { BlockingView } from '../scheduler/overloads';
import { observe } from '../scheduler/promise-watch';
import { wait } from '../scheduler/wait';

type Native = promises.FileHandle;

const METHODS = [
  'appendFile',
  'chmod',
  'chown',
  'datasync',
  'read',
  'readFile',
  'readv',
  'stat',
  'sync',
  'truncate',
  'utimes',
  'write',
  'writeFile',
  'writev',
] as const;

type Methods = { [K in (typeof METHODS)[number]]: BlockingView<Native[K]> };

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- the methods are made from their names, below
export interface FileHandle extends Methods {}

/** A file that {@link open} opened, with the methods of Node's `FileHandle` in blocking style. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class FileHandle implements Disposable {
  /** Node's own, for streams. */
  readonly native: Native;

  /** @internal */
  constructor(native: Native) {
    this.native = native;
  }

  /** The file descriptor; -1 when the file is closed. */
  get fd(): number {
    return this.native.fd;
  }

  /**
   * The lines that are left, without their ends; then the file is closed, as by Node's `readLines`.
   *
   * The loop throws the error of reading; {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope.
   */
  lines(options?: Parameters<Native['readLines']>[0]): Generator<string, void, undefined> {
    return iterate(this.native.readLines(options));
  }

  /** Sleeps until the file is closed, also in a cancelled scope. */
  close(): void {
    waitToTheEnd(() => this.native.close());
  }

  /** Closes the file; outside of tasks without waiting for it. */
  [Symbol.dispose](): void {
    if (this.fd !== -1) this.close();
  }
}

function waitToTheEnd(close: () => Promise<void>): void {
  if (current.task === undefined) observe(close());
  else shield(close);
}

for (const name of METHODS) {
  const value = function (this: FileHandle, ...args: unknown[]): unknown {
    blockingTask(`FileHandle.${name}`);
    return wait(Reflect.apply(this.native[name], this.native, args) as unknown);
  };
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(FileHandle.prototype, name, { value, writable: true, configurable: true });
}

showAs(FileHandle, ({ fd }) => ({ fd }));
