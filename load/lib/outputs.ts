import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { FiberError } from 'greenfiber';
import { messageOf, wrongValue } from 'greenfiber/lowlevel';

import { csvReport } from './csv-report';
import { reportPage } from './html';
import { InfluxOutput } from './influx';
import { PlainView, TerminalView, type LiveView } from './live';
import { markdownReport } from './markdown';
import { NdjsonOutput } from './ndjson';
import { OtlpOutput } from './otlp';
import type { Plan } from './plan';
import { PrometheusOutput } from './prometheus';
import { ReportFile } from './report-file';
import { SamplesOutput } from './samples';
import { summaryText, type Summary } from './summary';
import type { Point } from './timeline';

/** Where a run is reported to. `-` is standard output. */
export interface OutputOptions {
  json?: string;
  ndjson?: string;
  html?: string;
  csv?: string;
  markdown?: string;
  samples?: string;
  influx?: string;
  otlp?: string;
  prometheus?: string;
  quiet?: boolean;
}

/** One way to tell of a run. */
interface Output {
  /** The option that asked for it. */
  readonly option: string;
  point?(point: Point): void;
  /** Lines of JSON. */
  samples?(lines: string): void;
  summary?(summary: Summary): Promise<void> | void;
  close?(): Promise<void> | void;
}

/**
 * Everything that is told of a run: the view on stderr, files and endpoints, the summary on stdout. All are opened
 * before the first request; one that fails later is left alone, and takes none of the others along.
 */
export class Outputs {
  readonly #outputs: Output[] = [];
  /** What failed, in words; each output once. */
  readonly failures: string[] = [];
  readonly #failed = new Set<Output>();

  /**
   * @param run - what is shown while it goes on; undefined for reports of what is over
   * @param name - of the run
   * @throws {@link FiberError} `ERR_LOAD_OUTPUT`; `ERR_FIBER_INVALID_ARG_VALUE` where two write to one place
   */
  static async open(
    options: OutputOptions,
    run: { plan: Plan; name: string } | undefined,
    name = run?.name ?? '',
  ): Promise<Outputs> {
    checkPlaces(options);
    const outputs = new Outputs();
    try {
      await outputs.#open(options, run, name);
    } catch (error) {
      await outputs.close();
      throw error;
    }
    return outputs;
  }

  async #open(
    options: OutputOptions,
    run: { plan: Plan; name: string } | undefined,
    name: string,
  ): Promise<void> {
    const { json, ndjson, html, csv, markdown, samples, influx, otlp, prometheus } = options;
    const { quiet = false } = options;
    const all = this.#outputs;
    if (json !== undefined) {
      const file = new ReportFile('--json', json);
      all.push(fileOutput('--json', file, ({ results }) => `${JSON.stringify(results)}\n`));
    }
    if (html !== undefined)
      all.push(fileOutput('--html', new ReportFile('--html', html), reportPage));
    if (csv !== undefined) all.push(fileOutput('--csv', new ReportFile('--csv', csv), csvReport));
    if (markdown !== undefined) {
      all.push(fileOutput('--markdown', new ReportFile('--markdown', markdown), markdownReport));
    }
    if (influx !== undefined) all.push(await InfluxOutput.open(influx, name));
    if (otlp !== undefined) all.push(await OtlpOutput.open(otlp, name));
    if (samples !== undefined) all.push(new SamplesOutput(samples));
    if (ndjson !== undefined) all.push(new NdjsonOutput(ndjson));
    if (prometheus !== undefined && run !== undefined) {
      const output = await PrometheusOutput.open(prometheus, run.name);
      all.push(output);
      if (!quiet) process.stderr.write(`metrics at port ${String(output.port)}, /metrics\n`);
    }
    if (quiet) return;
    if (run !== undefined) all.unshift(viewOutput(await viewOf(run.plan, run.name)));
    const isTaken = [json, ndjson, html, csv, markdown, samples, influx].includes('-');
    const stdout = new ReportFile('the summary', '-');
    if (!isTaken) all.push(fileOutput('the summary', stdout, summaryText));
  }

  point(point: Point): void {
    for (const output of this.#outputs) void this.#attempt(output, () => output.point?.(point));
  }

  samples(lines: string): void {
    for (const output of this.#outputs) void this.#attempt(output, () => output.samples?.(lines));
  }

  async summary(summary: Summary): Promise<void> {
    for (const output of this.#outputs) {
      await this.#attempt(output, () => output.summary?.(summary));
    }
  }

  async close(): Promise<void> {
    for (const output of this.#outputs.splice(0)) {
      try {
        await output.close?.();
      } catch (error) {
        this.#fail(output, error);
      }
    }
  }

  /** What has failed once is left alone. */
  #attempt(output: Output, fn: () => Promise<void> | void): Promise<void> | void {
    if (this.#failed.has(output)) return;
    try {
      return fn()?.catch((error: unknown) => {
        this.#fail(output, error);
      });
    } catch (error) {
      this.#fail(output, error);
    }
  }

  #fail(output: Output, error: unknown): void {
    if (this.#failed.has(output)) return;
    this.#failed.add(output);
    this.failures.push(`${output.option} failed: ${messageOf(error)}`);
  }
}

function fileOutput(option: string, file: ReportFile, text: (summary: Summary) => string): Output {
  return {
    option,
    summary: (summary) => {
      file.write(text(summary));
    },
    close: () => {
      file.close();
    },
  };
}

function viewOutput(view: LiveView): Output {
  const end = (): void => {
    view.end();
  };
  return {
    option: 'the view',
    point: (point) => {
      view.show(point);
    },
    summary: end,
    close: end,
  };
}

async function viewOf(plan: Plan, name: string): Promise<LiveView> {
  // A terminal without a size, as some CI has one, shows nothing in place.
  return process.stderr.isTTY && process.stderr.rows > 0
    ? TerminalView.open(plan, name, process.stderr)
    : new PlainView(plan, (text) => process.stderr.write(text));
}

/** Two outputs in one file would destroy each other. */
function checkPlaces(options: OutputOptions): void {
  const { json, ndjson, html, csv, markdown, samples, influx } = options;
  const taken = new Map<string, string>();
  for (const [option, name] of Object.entries({
    '--json': json,
    '--ndjson': ndjson,
    '--html': html,
    '--csv': csv,
    '--markdown': markdown,
    '--samples': samples,
    '--influx': influx,
  })) {
    if (name === undefined || /^https?:/.test(name)) continue;
    if (name === '') throw new FiberError('ERR_LOAD_OUTPUT', `${option} needs the name of a file`);
    const place = name === '-' ? name : resolve(name);
    if (statSync(place, { throwIfNoEntry: false })?.isFile() === false) continue; // a device
    const other = taken.get(place);
    if (other !== undefined) throw wrongValue(option, `another file than that of ${other}`, name);
    taken.set(place, option);
  }
}
