import type { Command } from 'commander';

import { FiberError } from '../errors';
import { isSupported } from '../index';
import { wrongValue } from '../options';
import { engineOf } from './engine';
import { ExitCode } from './exit-codes';
import { loadScenario, nameOf, sourceOf } from './load-scenario';
import { Outputs, writeReports, type OutputOptions } from './outputs';
import { checkPlan, type LoadOptions, type Part } from './plan';
import { readResults } from './results-file';
import { mergeResults } from './results';
import { summarize } from './summary';

/** The options of the command line, as commander names them. */
interface CommandOptions extends OutputOptions {
  vus?: string;
  rate?: string;
  duration?: string;
  ramp?: string;
  stages?: string;
  iterations?: string;
  maxVus?: string;
  maxRate?: string;
  gracefulStop?: string;
  timeout?: string;
  target?: string;
  insecure?: boolean;
  threshold: string[];
  tag: string[];
  method?: string;
  header: string[];
  body?: string;
  workers: string;
  shard: string;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

/**
 * Adds `load` to the program.
 *
 * @param exit - told how the command has ended
 */
export function addLoadCommand(program: Command, exit: (code: number) => void): void {
  const load = program
    .command('load')
    .summary('load test: virtual users that are fibers')
    .description(
      'Puts load on a URL, or runs a scenario: a .ts, .mts, .js, .mjs or .cjs file whose default export is what a user repeats.',
    )
    .argument('<what>', 'a URL in full, or a scenario')
    .option(
      '-u, --vus <number>',
      'virtual users, each doing one iteration after the other (default 10)',
    )
    .option(
      '-r, --rate <rate>',
      'iterations that begin a second, whatever becomes of the others: 5000/s, 300/m',
    )
    .option('-d, --duration <time>', 'how long: 30s, 1m30s (default 10s)')
    .option('--ramp <time>', 'in what part of the duration the load rises from nothing')
    .option(
      '--stages <list>',
      'in place of duration and ramp, time:users or time:rate: 10s:100,1m:500,10s:0',
    )
    .option('-n, --iterations <number>', 'the end after so many iterations of all users together')
    .option('--max-vus <number>', 'virtual users that a rate may use (default 10000)')
    .option('--max-rate <rate>', 'iterations a second that are never exceeded')
    .option(
      '--graceful-stop <time>',
      'how long iterations under way at the end may take (default 30s)',
    )
    .option('--timeout <time>', 'how long a request may take (default 60s)')
    .option('--target <url>', 'where relative URLs of a scenario lead')
    .option('--insecure', 'do not verify TLS certificates')
    .option(
      '--threshold <metric:expression>',
      'exit with 99 unless it holds: http_req_duration:p(95)<200',
      collect,
      [],
    )
    .option('--tag <name=value>', 'added to every sample', collect, [])
    .option('-X, --method <method>', 'for a URL (default GET)')
    .option('-H, --header <name:value>', 'for a URL', collect, [])
    .option('--body <text>', 'for a URL')
    .option('-w, --workers <number>', 'threads to spread the load over', '1')
    .option('--shard <i/n>', 'run this part of the load; the others run elsewhere', '1/1')
    .option(
      '--json <file>',
      'write all results, for load merge and load report; - is standard output',
    )
    .option('--ndjson <file>', 'write a line of JSON for every interval and metric')
    .option('--html <file>', 'write a report with plots')
    .option('--prometheus <[address:]port>', 'serve /metrics while it runs')
    .option('-q, --quiet', 'no view and no summary')
    .action(async (what: string, options: CommandOptions) => {
      exit(await runLoad(what, options));
    });
  addMergeCommand(load, exit);
}

function addMergeCommand(load: Command, exit: (code: number) => void): void {
  load
    .command('merge')
    .summary('put the results of several shards together')
    .description(
      'Puts together what several shards wrote with --json, and judges the thresholds by the whole.',
    )
    .argument('<files...>', 'results, as --json writes them')
    .option('--json <file>', 'write the merged results; - is standard output')
    .option('--html <file>', 'write a report with plots')
    .option('-q, --quiet', 'no summary')
    .action((files: string[], options: OutputOptions) => {
      const summary = summarize(mergeResults(files.map(readResults)));
      writeReports(summary, options);
      exit(summary.passed ? ExitCode.ok : ExitCode.thresholds);
    });
}

async function runLoad(what: string, options: CommandOptions): Promise<number> {
  if (!isSupported)
    throw new FiberError('ERR_FIBER_UNSUPPORTED', 'Fibers cannot run on this Node and platform');
  const { method, body } = options;
  const headers = Object.fromEntries(options.header.map((each) => pair('--header', each, ':')));
  const source = sourceOf(what, {
    ...(method !== undefined && { method }),
    ...(body !== undefined && { body }),
    headers,
  });
  const part = shardOf(options.shard);
  const workers = number('--workers', options.workers);
  if (workers > 256) throw wrongValue('--workers', 'at most 256', workers);
  const scenario = await loadScenario(source);
  const plan = checkPlan({
    ...mergeable(scenario.options, options),
    ...loadOptions(options, scenario.options),
  });
  const name = nameOf(source);
  const outputs = await Outputs.open(options, plan, name);
  const { signal, release } = interruption();
  try {
    const results = await engineOf({
      plan,
      source,
      scenario,
      name,
      part,
      workers,
      onPoint: (point) => {
        outputs.point(point);
      },
      signal,
    }).run();
    const summary = summarize(results);
    await outputs.summary(summary);
    if (results.interrupted) return ExitCode.interrupted;
    return summary.passed ? ExitCode.ok : ExitCode.thresholds;
  } finally {
    release();
    await outputs.close();
  }
}

/** What of a scenario's options the command line leaves in force: one model's options replace the other's. */
function mergeable(own: LoadOptions = {}, given: CommandOptions): LoadOptions {
  const rest: LoadOptions = { ...own };
  if (given.rate !== undefined) delete rest.vus;
  if (given.vus !== undefined) delete rest.rate;
  if (given.stages !== undefined) {
    delete rest.duration;
    delete rest.ramp;
  }
  if (given.duration !== undefined || given.ramp !== undefined) delete rest.stages;
  return rest;
}

function loadOptions(options: CommandOptions, own: LoadOptions = {}): LoadOptions {
  const { vus, iterations, maxVus, threshold, tag, ...rest } = options;
  const { rate, duration, ramp, stages, maxRate, gracefulStop, timeout, target, insecure } = rest;
  const given = { rate, duration, ramp, stages, maxRate, gracefulStop, timeout, target, insecure };
  return {
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as LoadOptions),
    ...(vus !== undefined && { vus: number('--vus', vus) }),
    ...(iterations !== undefined && { iterations: number('--iterations', iterations) }),
    ...(maxVus !== undefined && { maxVus: number('--max-vus', maxVus) }),
    thresholds: { ...own.thresholds, ...byMetric(threshold) },
    tags: { ...own.tags, ...Object.fromEntries(tag.map((each) => pair('--tag', each, '='))) },
  };
}

function byMetric(thresholds: readonly string[]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const threshold of thresholds) {
    const [, metric, expression] = /^([^:{]+(?:\{[^}]*\})?):(.+)$/.exec(threshold) ?? [];
    if (metric === undefined || expression === undefined) {
      throw wrongValue('--threshold', 'such as "http_req_duration:p(95)<200"', threshold);
    }
    (all[metric] ??= []).push(expression);
  }
  return all;
}

function pair(name: string, text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  if (at <= 0) throw wrongValue(name, `a name, "${separator}" and a value`, text);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function number(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw wrongValue(name, 'a whole number from 1', text);
  return Number(text);
}

function shardOf(text: string): Part {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const part = { index: Number(index) - 1, count: Number(count) };
  if (part.index >= 0 && part.index < part.count) return part;
  throw wrongValue('--shard', 'such as "1/3", the first of three', text);
}

/** The first Ctrl-C ends the run with a report, the second one at once. */
function interruption(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(ExitCode.killed);
    process.stderr.write('\nending: the report follows; once more to end at once\n');
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
