import { writeFileSync } from 'node:fs';

import { reportPage } from './html';
import { PlainView, TerminalView, type LiveView } from './live';
import { NdjsonOutput } from './ndjson';
import type { Plan } from './plan';
import { PrometheusOutput } from './prometheus';
import { summaryText, type Summary } from './summary';
import type { Point } from './timeline';

/** Where a run is reported to. `-` is standard output. */
export interface OutputOptions {
  json?: string;
  ndjson?: string;
  html?: string;
  prometheus?: string;
  quiet?: boolean;
}

/** Everything that is told of a run: the view on stderr, the summary on stdout, files and endpoints. */
export class Outputs {
  readonly #options: OutputOptions;
  #view: LiveView | undefined;
  #ndjson: NdjsonOutput | undefined;
  #prometheus: PrometheusOutput | undefined;

  private constructor(options: OutputOptions) {
    this.#options = options;
  }

  static async open(options: OutputOptions, plan: Plan, name: string): Promise<Outputs> {
    const outputs = new Outputs(options);
    if (options.quiet !== true) {
      // A terminal without a size, as some CI has one, shows nothing in place.
      outputs.#view =
        process.stderr.isTTY && process.stderr.rows > 0
          ? await TerminalView.open(plan, name, process.stderr)
          : new PlainView(plan, (text) => process.stderr.write(text));
    }
    if (options.ndjson !== undefined) outputs.#ndjson = new NdjsonOutput(options.ndjson);
    if (options.prometheus !== undefined) {
      outputs.#prometheus = await PrometheusOutput.open(options.prometheus, name);
      if (options.quiet !== true) {
        process.stderr.write(`metrics at port ${String(outputs.#prometheus.port)}, /metrics\n`);
      }
    }
    return outputs;
  }

  point(point: Point): void {
    this.#view?.show(point);
    this.#ndjson?.point(point);
    this.#prometheus?.point(point);
  }

  async summary(summary: Summary): Promise<void> {
    this.#view?.end();
    this.#prometheus?.summary(summary);
    await this.#ndjson?.end(summary);
    writeReports(summary, this.#options);
  }

  async close(): Promise<void> {
    this.#view?.end();
    await this.#prometheus?.close();
  }
}

/** The summary as text, JSON and a page. */
export function writeReports(summary: Summary, { json, ndjson, html, quiet }: OutputOptions): void {
  if (json !== undefined) write(json, `${JSON.stringify(summary.results)}\n`);
  if (html !== undefined) write(html, reportPage(summary));
  const isTaken = [json, ndjson, html].includes('-');
  if (quiet !== true && !isTaken) write('-', summaryText(summary));
}

function write(file: string, text: string): void {
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}
