import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { FiberError } from 'greenfiber';
import { messageOf } from 'greenfiber/lowlevel';

/**
 * A file that is written when all is over, but opened before anything begins: that it cannot be written is told in
 * time. What was in it stays until then. `-` is standard output.
 */
export class ReportFile {
  readonly #name: string;
  readonly #fd: number | undefined;
  /** Whether it was made for a report that has not come yet. */
  #isNew: boolean;

  /**
   * @param option - that names it
   * @throws {@link FiberError} `ERR_LOAD_OUTPUT`
   */
  constructor(option: string, name: string) {
    this.#name = name;
    this.#isNew = name !== '-' && !existsSync(name);
    this.#fd = name === '-' ? undefined : openOutput(option, name, 'a');
  }

  write(text: string): void {
    if (this.#fd === undefined) {
      process.stdout.write(text);
      return;
    }
    this.#isNew = false;
    if (fstatSync(this.#fd).isFile()) ftruncateSync(this.#fd);
    writeFileSync(this.#fd, text);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    if (this.#isNew) rmSync(this.#name, { force: true });
  }
}

/**
 * Opens a file to write to.
 *
 * @throws {@link FiberError} `ERR_LOAD_OUTPUT`
 */
export function openOutput(option: string, name: string, flags: 'a' | 'w'): number {
  try {
    return openSync(name, flags);
  } catch (cause) {
    throw new FiberError('ERR_LOAD_OUTPUT', `${option} cannot be written: ${messageOf(cause)}`);
  }
}
