import type { Command } from 'commander';

import { FiberError, isSupported } from 'greenfiber';

import { withoutCredentials } from './clients/request';
import { abortable, checkCommand, merged, type CommandOptions } from './command-options';
import { addCompletionCommand } from './completion';
import { engineOf } from './engine';
import { ExitCode } from './exit-codes';
import { addHarCommand } from './har-command';
import { addK8sCommand } from './k8s-command';
import { Interruption } from './interruption';
import { loadScenario, nameOf } from './load-scenario';
import { Outputs } from './outputs';
import { checkPlan, fingerprint } from './plan';
import { meet } from './rendezvous';
import { addReportCommands } from './report-commands';
import { Strays } from './strays';
import { summarize } from './summary';
import { exitCodeOf, tellError } from './tell-error';

const collect = (value: string, all: string[]): string[] => [...all, value];

/**
 * Adds `load` to the program.
 *
 * @param exit - told how the command has ended
 */
export function addLoadCommand(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('load')
    .summary('load test: virtual users that are fibers')
    .description(
      'Puts load on a URL, or runs a scenario: a .ts, .mts, .js, .mjs or .cjs file whose default export is what a user repeats.',
    )
    .argument('<what>', 'a URL in full, or a scenario');
  const load = withLoadOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (what: string, options: CommandOptions) => {
      exit(await runLoad(what, options));
    });
  addReportCommands(load, exit);
  addHarCommand(load, exit);
  addK8sCommand(load, exit, withLoadOptions);
  addCompletionCommand(load, exit);
}

function withLoadOptions(command: Command): Command {
  return command
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
    .option(
      '-n, --iterations <number>',
      'the end after so many iterations of all users together (in 10m by default)',
    )
    .option('--iterations-per-vu <number>', 'the end when each of the users has begun so many')
    .option('--scenario <name>', 'of several scenarios, run this one (and others)', collect, [])
    .option('--max-vus <number>', 'virtual users that a rate may use (default 10000)')
    .option('--max-rate <rate>', 'iterations a second that are never exceeded')
    .option(
      '--graceful-stop <time>',
      'how long iterations under way at the end may take (default 30s)',
    )
    .option('--timeout <time>', 'how long a request may take (default 60s)')
    .option('--target <url>', 'where relative URLs of a scenario lead')
    .option('--insecure', 'do not verify TLS certificates')
    .option('--cert <file>', "the client's certificate (PEM)")
    .option('--key <file>', 'its key (PEM)')
    .option('--cacert <file>', 'who vouches for servers (PEM)')
    .option('--http-version <version>', '1.1 (default), 2, or auto: what the server prefers')
    .option('--redirects <number>', 'redirects that are followed (default 0)')
    .option('--cookies', 'users keep cookies')
    .option('--unix-socket <path>', 'send all HTTP over this socket')
    .option('--proxy <url>', 'send all HTTP through this proxy (http:, socks5:, socks5h:)')
    .option(
      '--threshold <metric:expression>',
      'exit with 99 unless it holds: http_req_duration:p(95)<200',
      collect,
      [],
    )
    .option('--abort-on-fail', 'end the run once a threshold does not hold')
    .option('--tag <name=value>', 'added to every sample', collect, [])
    .option('-X, --method <method>', 'for a URL (default GET)')
    .option('-H, --header <name:value>', 'for a URL', collect, [])
    .option('--body <text>', 'for a URL')
    .option('--body-file <file>', 'for a URL: what the file contains')
    .option('-F, --form <name=value>', 'for a URL: a field of a form, or name=@file', collect, [])
    .option('-w, --workers <number>', 'threads to spread the load over', '1')
    .option('--shard <i/n>', 'run this part of the load; the others run elsewhere', '1/1')
    .option(
      '--rendezvous <host:port>',
      'begin when all shards have come there, where the first one is',
    )
    .option('--rendezvous-timeout <time>', 'how long they wait for each other', '5m')
    .option(
      '--json <file>',
      'write all results, for load merge and load report; - is standard output',
    )
    .option('--ndjson <file>', 'write a line of JSON for every interval and metric')
    .option('--html <file>', 'write a report with plots')
    .option('--csv <file>', 'write the figures of all intervals and metrics')
    .option('--markdown <file>', 'write the summary for the page of a CI: "$GITHUB_STEP_SUMMARY"')
    .option('--samples <file>', 'write a line of JSON for every single sample')
    .option('--influx <file or url>', 'write the line protocol, or send it while it runs')
    .option('--otlp <url>', 'send metrics to a collector of OpenTelemetry while it runs')
    .option('--prometheus <[address:]port>', 'serve /metrics while it runs')
    .option('-q, --quiet', 'no view and no summary');
}

const EXAMPLES = `
Examples:
  greenfiber load http://127.0.0.1:3000/ --vus 50 --duration 30s
  greenfiber load http://127.0.0.1:3000/ --rate 5000/s --threshold 'http_req_duration:p(99)<200'
  greenfiber load shop.ts --target http://127.0.0.1:3000/ --stages 10s:100,1m:100 --html report.html
  greenfiber load shop.ts --iterations 1000 --json before.json
  greenfiber load report before.json --html before.html
  greenfiber load compare before.json after.json
  greenfiber load merge 1.json 2.json 3.json --html report.html
  greenfiber load k8s shop.ts --image registry.test/shop-load --shards 4 -- --vus 30000
  greenfiber load har recording.har -o shop.ts
  source <(greenfiber load completion bash)`;

async function runLoad(what: string, options: CommandOptions): Promise<number> {
  if (!isSupported)
    throw new FiberError('ERR_FIBER_UNSUPPORTED', 'Fibers cannot run on this Node and platform');
  const interruption = new Interruption();
  const strays = new Strays();
  const { signal } = interruption;
  try {
    const { source, part, workers, load, rendezvous } = await checkCommand(what, options);
    const scenario = await interruption.unlessCome(loadScenario(source));
    if (scenario === undefined) return ExitCode.interrupted;
    const asked = merged(scenario.options, load, options);
    const plan = abortable(checkPlan(asked, scenario), options);
    const name = withoutCredentials(nameOf(source));
    const outputs = await Outputs.open(options, { plan, name });
    try {
      const onPoint = (point: Parameters<Outputs['point']>[0]): void => {
        outputs.point(point);
      };
      const onSamples = (lines: string): void => {
        outputs.samples(lines);
      };
      const job = {
        ...{ plan, source, scenario, name, part, workers, onPoint, signal, strays },
        ...(rendezvous && {
          meet: () => meet(rendezvous, part, fingerprint(plan), signal),
        }),
        ...(options.samples !== undefined && { onSamples }),
      };
      const outcome = await engineOf(job).run();
      const summary = summarize(outcome.results);
      if (outcome.isEmpty !== true) await outputs.summary(summary);
      await outputs.close();
      if ('error' in outcome) return tellError(outcome.error, ExitCode.scenario);
      return exitCodeOf(summary, outputs, outcome.results.interrupted);
    } finally {
      await outputs.close();
    }
  } finally {
    interruption.release();
    strays.release();
  }
}
