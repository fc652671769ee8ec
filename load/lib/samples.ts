import { closeSync, writeFileSync } from 'node:fs';

import type { Clock } from 'greenfiber/lowlevel';

import { openOutput } from './report-file';
import type { Tags } from './registry';

/** Lines that are written together, in characters. */
const BATCH = 64 * 1024;

/** Every sample of a thread as a line of JSON: `{"metric","time","value","tags"}`, the time in milliseconds since 1970. */
export class Samples {
  readonly #clock: Clock;
  readonly #emit: (lines: string) => void;
  /** What the clock has to be added to. */
  readonly #epoch: number;
  #lines = '';

  /** @param emit - given whole lines, many at a time */
  constructor(clock: Clock, emit: (lines: string) => void) {
    this.#clock = clock;
    this.#emit = emit;
    this.#epoch = Date.now() - clock.now();
  }

  add(metric: string, value: number, tags: Tags, more?: object): void {
    const time = Math.round((this.#epoch + this.#clock.now()) * 1000) / 1000;
    this.#lines += `${JSON.stringify({ metric, time, value, tags, ...more })}\n`;
    if (this.#lines.length >= BATCH) this.flush();
  }

  flush(): void {
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#emit(lines);
  }
}

/** Writes what all threads have sampled into one file. */
export class SamplesOutput {
  readonly option = '--samples';
  readonly #fd: number;

  /** @throws {@link FiberError} `ERR_LOAD_OUTPUT` */
  constructor(file: string) {
    this.#fd = file === '-' ? 1 : openOutput(this.option, file, 'w');
  }

  /** @throws what writing fails with */
  samples(lines: string): void {
    writeFileSync(this.#fd, lines);
  }

  close(): void {
    if (this.#fd !== 1) closeSync(this.#fd);
  }
}
