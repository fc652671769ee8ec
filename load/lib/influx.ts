import type { Figures } from './figures';
import { intervalFigures, seriesFigures } from './figures';
import { Push } from './push';
import { ReportFile } from './report-file';
import type { Tags } from './registry';
import type { Summary } from './summary';
import type { Point } from './timeline';

const PREFIX = 'greenfiber_load';

/**
 * The run in InfluxDB's line protocol, into a file or to an endpoint such as
 * `http://127.0.0.1:8086/api/v2/write?org=o&bucket=b`, with the token in the environment's `INFLUX_TOKEN`: the intervals
 * while it goes on, and every metric at its end.
 */
export class InfluxOutput {
  readonly option = '--influx';
  readonly #push: Push | undefined = undefined;
  readonly #file: ReportFile | undefined = undefined;
  readonly #name: string;
  #begun = Date.now();
  #lines: string[] = [];
  #isLive = false;

  private constructor(to: string, name: string) {
    this.#name = name;
    if (/^https?:/.test(to)) {
      const token = process.env['INFLUX_TOKEN'];
      const headers = token === undefined ? {} : { authorization: `Token ${token}` };
      this.#push = new Push(this.option, to, { ...headers, 'content-type': 'text/plain' });
    } else {
      this.#file = new ReportFile(this.option, to);
    }
  }

  /** @throws {@link FiberError} `ERR_LOAD_OUTPUT` */
  static async open(to: string, name: string): Promise<InfluxOutput> {
    const output = new InfluxOutput(to, name);
    await output.#push?.probe('# greenfiber load\n'); // a comment
    output.#begun = Date.now();
    return output;
  }

  point(point: Point): void {
    this.#isLive = true;
    const text = intervalLine(this.#name, point, this.#begun + point.at * 1000);
    if (this.#push === undefined) this.#lines.push(text);
    else this.#push.send(`${text}\n`);
  }

  /** @throws what writing failed with */
  async summary({ results, registry }: Summary): Promise<void> {
    const begun = Date.parse(results.started);
    const end = begun + results.seconds * 1000;
    const metrics = registry.sorted().flatMap((metric) =>
      [...metric.series.values()].map((series) => {
        const tags = { run: results.name, ...series.tags };
        return line(`${PREFIX}_${metric.name}`, tags, seriesFigures(series), end);
      }),
    );
    // Of a report that is written again, no interval was told.
    const intervals = this.#isLive
      ? this.#lines
      : results.points.map((point) => intervalLine(results.name, point, begun + point.at * 1000));
    this.#lines = [];
    const text = `${[...intervals, ...metrics].join('\n')}\n`;
    this.#file?.write(text);
    this.#push?.send(text);
    await this.#push?.flush();
  }

  close(): void {
    this.#file?.close();
  }
}

const escaped = (text: string): string =>
  text.replaceAll(/[,= ]/g, '\\$&').replaceAll(/\r?\n/g, '\\ ').replace(/\\$/, '\\_'); // a last backslash would be of the comma behind it

function intervalLine(run: string, point: Point, at: number): string {
  return line(`${PREFIX}_interval`, { run }, intervalFigures(point), at);
}

/** @param at - in milliseconds since 1970; empty tags may not be said */
function line(measurement: string, tags: Tags, figures: Figures, at: number): string {
  const named = Object.entries(tags)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `,${escaped(name)}=${escaped(value)}`);
  const fields = Object.entries(figures).map(
    ([name, value]) => `${escaped(name)}=${String(value)}`,
  );
  return `${escaped(measurement)}${named.join('')} ${fields.join(',')} ${String(Math.round(at))}000000`;
}
