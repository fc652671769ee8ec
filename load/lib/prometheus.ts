import { createServer, type Server } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';

import type { Counter, Gauge } from 'prom-client';

import { FiberError } from 'greenfiber';
import { messageOf, wrongValue } from 'greenfiber/lowlevel';

import { Histogram } from './histogram';
import { lazily } from './lazy';
import type { Series } from './registry';
import { PERCENTILES, type Summary } from './summary';
import type { Point, PointCount } from './timeline';

const PREFIX = 'greenfiber_load_';

/**
 * The state of a run for Prometheus, through prom-client: counters of what has happened so far, the latency of the last
 * interval as a gauge by quantile, and once the run has ended every metric. It listens on the loopback interface unless
 * another address is named.
 */
export class PrometheusOutput {
  readonly option = '--prometheus';
  readonly #server: Server;
  readonly #register = new (lazily.prometheus().Registry)();
  readonly #counters: Readonly<Record<string, Counter>>;
  readonly #users: Gauge;
  readonly #latency: Gauge<'quantile'>;

  private constructor(name: string) {
    const { Counter: C, Gauge: G } = lazily.prometheus();
    this.#register.setDefaultLabels({ run: name });
    const registers = [this.#register];
    const counter = (what: string, help: string): Counter =>
      new C({ name: `${PREFIX}${what}_total`, help, registers });
    this.#counters = {
      iterations: counter('iterations', 'Iterations that have ended'),
      requests: counter('requests', 'HTTP requests'),
      failed: counter('failed_requests', 'HTTP requests that failed'),
      errors: counter('errors', 'Errors of any kind'),
      bytes: counter('received_bytes', 'Bytes received, with headers'),
      late: counter('late_iterations', 'Iterations that could not begin when they should'),
    };
    this.#users = new G({ name: `${PREFIX}users`, help: 'Virtual users', registers });
    this.#latency = new G({
      name: `${PREFIX}latency_seconds`,
      help: 'Latency of the last interval',
      labelNames: ['quantile'],
      registers,
    });
    this.#server = createServer((request, response) => {
      if (request.url?.split('?')[0] !== '/metrics') {
        response.writeHead(404).end('See /metrics\n');
        return;
      }
      this.text().then(
        (text) => {
          response.writeHead(200, { 'content-type': this.#register.contentType }).end(text);
        },
        (error: unknown) => {
          response.writeHead(500).end(`${String(error)}\n`);
        },
      );
    });
    this.#server.unref();
  }

  /**
   * Serves `/metrics`.
   *
   * @param at - a port, or an address and a port: `9464`, `0.0.0.0:9464`
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_LOAD_OUTPUT`
   */
  static async open(at: string, name: string): Promise<PrometheusOutput> {
    const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(at) ?? [];
    if (port === undefined || Number(port) > 65_535 || isIP(host) === 0) {
      throw wrongValue(
        '--prometheus',
        'a port, or an IP address and a port such as "0.0.0.0:9464"',
        at,
      );
    }
    const output = new PrometheusOutput(name);
    await new Promise<void>((resolve, reject) => {
      output.#server.once('error', reject).listen(Number(port), host, resolve);
    }).catch((cause: unknown) => {
      throw new FiberError('ERR_LOAD_OUTPUT', `--prometheus cannot listen: ${messageOf(cause)}`);
    });
    return output;
  }

  /** Where it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  point(point: Point): void {
    for (const [name, counter] of Object.entries(this.#counters)) {
      counter.inc(point[name as PointCount]);
    }
    this.#users.set(point.vus);
    const latency = Histogram.decode(point.latency);
    for (const share of PERCENTILES) {
      this.#latency.set({ quantile: String(share / 100) }, latency.percentile(share) / 1000);
    }
  }

  /** Adds every metric of the run, by its tags. Names that Prometheus cannot tell apart are numbered. */
  summary({ registry }: Summary): void {
    const { Gauge: G } = lazily.prometheus();
    const taken = new Set<string>();
    for (const metric of registry.metrics.values()) {
      const name = unique(`${PREFIX}metric_${metric.name.replaceAll(/\W/g, '_')}`, taken);
      const all = [...metric.series.values()].flatMap((series) =>
        figuresOf(series).map(({ labels, value }) => ({
          labels: { ...clean(series.tags), ...labels },
          value,
        })),
      );
      const labelNames = [...new Set(all.flatMap(({ labels }) => Object.keys(labels)))];
      const help = `${metric.type} ${metric.name}${metric.unit && `, ${metric.unit}`}`;
      const gauge = new G({ name, help, labelNames, registers: [this.#register] });
      for (const { labels, value } of all) gauge.set(labels, value);
    }
  }

  /** What `/metrics` returns. */
  text(): Promise<string> {
    return this.#register.metrics();
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}

interface Figure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function figuresOf(series: Series): Figure[] {
  switch (series.type) {
    case 'trend':
      return PERCENTILES.map((share) => ({
        labels: { quantile: String(share / 100) },
        value: series.histogram.percentile(share),
      }));
    case 'rate':
      return [{ labels: {}, value: series.rate }];
    case 'counter':
      return [{ labels: {}, value: series.sum }];
    case 'gauge':
      return [{ labels: {}, value: series.last }];
  }
}

/** Labels that are ours. */
const OWN_LABELS = ['quantile', 'run'];

/** Names of tags as Prometheus allows them. */
function clean(tags: Readonly<Record<string, string>>): Record<string, string> {
  const taken = new Set<string>(OWN_LABELS);
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [
      unique(name.replaceAll(/\W/g, '_').replace(/^(?=\d|__|$)/, 'tag_'), taken),
      value,
    ]),
  );
}

/** The name, or with a number behind it when it is taken; which it then is. */
function unique(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}_${String(number)}`;
  taken.add(free);
  return free;
}
