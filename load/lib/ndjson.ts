import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

import { distribution } from './figures';
import { Histogram } from './histogram';
import { openOutput } from './report-file';
import type { Summary } from './summary';
import type { Point } from './timeline';

/** A line of JSON for every interval while the run goes on, and at the end one for every metric and threshold. */
export class NdjsonOutput {
  readonly option = '--ndjson';
  readonly #stream: WriteStream | NodeJS.WriteStream;
  #error: Error | undefined = undefined;

  /**
   * @param file - a path; `-` is standard output
   * @throws {@link FiberError} `ERR_LOAD_OUTPUT`
   */
  constructor(file: string) {
    this.#stream =
      file === '-'
        ? process.stdout
        : createWriteStream(file, { fd: openOutput(this.option, file, 'w') });
    this.#stream.on('error', (error: Error) => (this.#error = error));
  }

  point(point: Point): void {
    const { latency, ...counts } = point;
    this.#line({
      type: 'interval',
      ...counts,
      latency_ms: distribution(Histogram.decode(latency)),
    });
  }

  /**
   * The rest, and the end of the file.
   *
   * @throws what writing failed with
   */
  async summary({ results, registry, thresholds, passed }: Summary): Promise<void> {
    for (const metric of registry.metrics.values()) {
      for (const series of metric.series.values()) {
        const { histogram, tags, ...figures } = series.data();
        const trend = histogram === undefined ? {} : distribution(Histogram.decode(histogram));
        const { name, type, unit } = metric;
        this.#line({ type: 'metric', name, metric: type, unit, tags, ...figures, ...trend });
      }
    }
    for (const error of results.errors) this.#line({ type: 'error', ...error });
    for (const threshold of thresholds) this.#line({ type: 'threshold', ...threshold });
    const { name, model, started, seconds, interrupted } = results;
    this.#line({ type: 'end', name, model, started, seconds, interrupted, passed });
    if (this.#stream !== process.stdout && this.#error === undefined) {
      this.#stream.end();
      await finished(this.#stream);
    }
    if (this.#error !== undefined) throw this.#error;
  }

  close(): void {
    if (this.#stream !== process.stdout) this.#stream.destroy();
  }

  /** @throws what writing failed with before */
  #line(value: object): void {
    if (this.#error !== undefined) throw this.#error;
    this.#stream.write(`${JSON.stringify(value)}\n`);
  }
}
