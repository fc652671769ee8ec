import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

import { Histogram } from './histogram';
import type { Summary } from './summary';
import { PERCENTILES } from './summary';
import type { Point } from './timeline';

/** A line of JSON for every interval while the run goes on, and at the end one for every metric and threshold. */
export class NdjsonOutput {
  readonly #stream: WriteStream;
  #error: Error | undefined = undefined;

  /** @param file - a path; `-` is standard output */
  constructor(file: string) {
    this.#stream =
      file === '-' ? (process.stdout as unknown as WriteStream) : createWriteStream(file);
    this.#stream.on('error', (error) => (this.#error = error));
  }

  point(point: Point): void {
    const { latency, ...counts } = point;
    this.#line({
      type: 'interval',
      ...counts,
      latency_ms: percentilesOf(Histogram.decode(latency)),
    });
  }

  /**
   * The rest, and the end of the file.
   *
   * @throws what writing failed with
   */
  async end({ results, registry, thresholds, passed }: Summary): Promise<void> {
    for (const metric of registry.metrics.values()) {
      for (const series of metric.series.values()) {
        const { histogram, tags, ...figures } = series.data();
        const trend = histogram === undefined ? {} : percentilesOf(Histogram.decode(histogram));
        const { name, type, unit } = metric;
        this.#line({ type: 'metric', name, metric: type, unit, tags, ...figures, ...trend });
      }
    }
    for (const error of results.errors) this.#line({ type: 'error', ...error });
    for (const threshold of thresholds) this.#line({ type: 'threshold', ...threshold });
    const { name, model, started, seconds, interrupted } = results;
    this.#line({ type: 'end', name, model, started, seconds, interrupted, passed });
    if (this.#stream !== (process.stdout as unknown)) {
      this.#stream.end();
      if (!this.#stream.closed && this.#error === undefined) await once(this.#stream, 'close');
    }
    if (this.#error !== undefined) throw this.#error;
  }

  #line(value: object): void {
    this.#stream.write(`${JSON.stringify(value)}\n`);
  }
}

function percentilesOf(histogram: Histogram): Record<string, number> {
  const { count, mean, min, max } = histogram;
  const figures: Record<string, number> = { count, avg: mean, min, max };
  for (const share of PERCENTILES) figures[`p${String(share)}`] = histogram.percentile(share);
  return figures;
}
