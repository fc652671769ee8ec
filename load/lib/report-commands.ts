import type { Command } from 'commander';

import { wrongValue } from 'greenfiber/lowlevel';

import { compareResults, comparisonText } from './compare';
import { comparisonPage } from './comparison-page';
import { ExitCode } from './exit-codes';
import { Outputs, type OutputOptions } from './outputs';
import { ReportFile } from './report-file';
import { mergeResults, type Results } from './results';
import { readResults } from './results-file';
import { summarize } from './summary';
import { exitCodeOf } from './tell-error';

/** Adds the commands that work on what `--json` has written. */
export function addReportCommands(load: Command, exit: (code: number) => void): void {
  withOutputs(
    load
      .command('merge')
      .summary('put the results of several shards together')
      .description(
        'Puts together what several shards wrote with --json, and judges the thresholds by the whole.',
      )
      .argument('<files...>', 'results, as --json writes them'),
  ).action(async (files: string[], options: OutputOptions) => {
    exit(await report(() => mergeResults(files.map(readResults)), options));
  });
  withOutputs(
    load
      .command('report')
      .summary('write a report again from the results of a run')
      .description('Writes the summary, and any report, from what a run wrote with --json.')
      .argument('<file>', 'results, as --json writes them'),
  ).action(async (file: string, options: OutputOptions) => {
    exit(await report(() => readResults(file), options));
  });
  load
    .command('compare')
    .summary('compare two runs: is the second one worse, by how much, how sure')
    .description(
      'Compares what two runs wrote with --json. It ends with 99 when a figure of the second run is worse for sure, and by more than the tolerance.',
    )
    .argument('<before>', 'results, as --json writes them')
    .argument('<after>', 'results of the other run')
    .option('--tolerance <percent>', 'how much worse a figure may be', '5%')
    .option('--json <file>', 'write the comparison; - is standard output')
    .option('--html <file>', 'write a page with both runs')
    .option('-q, --quiet', 'no text')
    .action((before: string, after: string, options: CompareOptions) => {
      exit(compare(readResults(before), readResults(after), options));
    });
}

interface CompareOptions {
  tolerance: string;
  json?: string;
  html?: string;
  quiet?: boolean;
}

function compare(before: Results, after: Results, options: CompareOptions): number {
  const [, number] = /^(\d+(?:\.\d+)?)%?$/.exec(options.tolerance) ?? [];
  if (number === undefined) throw wrongValue('--tolerance', 'such as "5%"', options.tolerance);
  const tolerance = Number(number) / 100;
  const changes = compareResults(before, after);
  const { json, html, quiet = false } = options;
  if (json !== undefined) {
    const file = new ReportFile('--json', json);
    file.write(`${JSON.stringify(changes)}\n`);
    file.close();
  }
  if (html !== undefined) {
    const file = new ReportFile('--html', html);
    file.write(comparisonPage(before, after, changes));
    file.close();
  }
  if (!quiet && json !== '-' && html !== '-')
    process.stdout.write(comparisonText(before, after, changes));
  const isWorse = changes.some(
    ({ verdict, low, high }) =>
      verdict === 'worse' && Math.min(Math.abs(low), Math.abs(high)) > tolerance,
  );
  return isWorse ? ExitCode.thresholds : ExitCode.ok;
}

function withOutputs(command: Command): Command {
  return command
    .option('--json <file>', 'write the results; - is standard output')
    .option('--ndjson <file>', 'write a line of JSON for every metric')
    .option('--html <file>', 'write a report with plots')
    .option('--csv <file>', 'write the figures of all intervals and metrics')
    .option('--markdown <file>', 'write the summary for the page of a CI: "$GITHUB_STEP_SUMMARY"')
    .option('--influx <file or url>', 'write or send the line protocol')
    .option('--otlp <url>', 'send metrics to a collector of OpenTelemetry')
    .option('-q, --quiet', 'no summary');
}

/** The results are read before an output is opened, which may be one of the files. */
async function report(read: () => Results, options: OutputOptions): Promise<number> {
  const summary = summarize(read());
  const outputs = await Outputs.open(options, undefined, summary.results.name);
  await outputs.summary(summary);
  await outputs.close();
  return exitCodeOf(summary, outputs);
}
