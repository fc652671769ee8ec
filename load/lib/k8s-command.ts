import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { Command } from 'commander';

import { FiberError } from 'greenfiber';
import { messageOf, wrongValue } from 'greenfiber/lowlevel';

import { checkCommand, merged, type CommandOptions } from './command-options';
import { ExitCode } from './exit-codes';
import { loadScenario } from './load-scenario';
import { dockerfile, instructions, manifests, yaml, type JobOptions } from './manifest';
import { checkPlan, type Plan } from './plan';
import { Problems } from './problems';
import { version } from './version';

interface K8sOptions {
  shards: string;
  image?: string;
  name: string;
  namespace?: string;
  cpu: string;
  memory: string;
  out?: string;
  force?: boolean;
}

/** What only the pods would see, or is said by the manifest. */
const REFUSED = ['json', 'ndjson', 'html', 'csv', 'markdown', 'samples', 'rendezvous'] as const;
const LABEL = /^[a-z](?:[a-z\d-]{0,50}[a-z\d])?$/;
/** Of pods that start, and of what is under way at the end, in seconds. */
const SPARE = 1200;

/**
 * Adds `load k8s`.
 *
 * @param withLoadOptions - adds the options of `load`
 */
export function addK8sCommand(
  load: Command,
  exit: (code: number) => void,
  withLoadOptions: (command: Command) => Command,
): void {
  load
    .command('k8s')
    .summary('write what runs a load test on Kubernetes, in shards')
    .description(
      'Checks a plan, and writes a Dockerfile and a manifest: an indexed Job whose pods are shards that begin together. Options of the load come after --',
    )
    .argument('<what>', 'a scenario, or a URL in full')
    .argument('[options...]', 'of greenfiber load, after --')
    .requiredOption('--image <name>', 'the image, as it is pushed and pulled')
    .option('--shards <number>', 'pods', '2')
    .option('--name <name>', 'of the Job and its Service', 'load')
    .option('--namespace <name>', 'where they are')
    .option('--cpu <quantity>', 'processors of each pod', '2')
    .option('--memory <quantity>', 'memory of each pod', '2Gi')
    .option(
      '-o, --out <folder>',
      'where the files are written (default: the folder of the scenario)',
    )
    .option('--force', 'write over files that are there')
    .action(async (what: string, args: string[], options: K8sOptions) => {
      const parser = withLoadOptions(new Command('load').exitOverride()).argument('<what>');
      parser.parse([what, ...args], { from: 'user' });
      await writeFiles(what, args, parser.opts<CommandOptions>(), options);
      exit(ExitCode.ok);
    });
}

async function writeFiles(
  what: string,
  args: readonly string[],
  given: CommandOptions,
  options: K8sOptions,
): Promise<void> {
  const problems = new Problems();
  for (const name of REFUSED) {
    if (given[name] === undefined) continue;
    problems.add(wrongValue(`--${name}`, 'left out: see load merge for results', given[name]));
  }
  if (given.shard !== '1/1') problems.add(wrongValue('--shard', 'left out', given.shard));
  const isUrl = /^\w+:\/\//.test(what);
  const folder = resolve(options.out ?? (isUrl ? '.' : dirname(what)));
  const inFolder = isUrl ? what : relative(folder, resolve(what)).split(sep).join('/');
  if (inFolder.startsWith('..')) {
    problems.add(wrongValue('--out', 'a folder that the scenario lies in', options.out));
  }
  const own = checkJob(options, problems);
  problems.raise();
  const plan = await planOf(what, given);
  const deadline = Math.ceil(Math.max(...plan.loads.map(endOf)) / 1000) + SPARE;
  const job: JobOptions = { ...own, scenario: inFolder, args, deadline };
  const documents = manifests(job).map((each) => `---${yaml(each)}`);
  const files = {
    Dockerfile: dockerfile(version(), existsSync(join(folder, 'package.json'))),
    'job.yaml': `${instructions(job)}${documents.join('')}`,
  };
  for (const name of Object.keys(files)) {
    if (options.force === true || !existsSync(join(folder, name))) continue;
    throw new FiberError('ERR_LOAD_OUTPUT', `${join(folder, name)} is there already: see --force`);
  }
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const ignore = join(folder, '.dockerignore');
    if (!existsSync(ignore)) writeFileSync(ignore, 'node_modules\n');
  } catch (cause) {
    throw new FiberError('ERR_LOAD_OUTPUT', `${folder} cannot be written to: ${messageOf(cause)}`);
  }
  process.stdout.write(
    `${Object.keys(files)
      .map((name) => join(folder, name))
      .join('\n')}\n`,
  );
}

const endOf = ({ startTime, duration, gracefulStop }: Plan['loads'][number]): number =>
  startTime + duration + gracefulStop;

/** What all shards would refuse is refused here. */
async function planOf(what: string, given: CommandOptions): Promise<Plan> {
  const { source, load } = await checkCommand(what, given);
  const scenario = await loadScenario(source);
  return checkPlan(merged(scenario.options, load, given), scenario);
}

function checkJob(
  { shards, image = '', name, namespace, cpu, memory }: K8sOptions,
  problems: Problems,
): Omit<JobOptions, 'scenario' | 'args' | 'deadline'> {
  const must = (option: string, form: RegExp, wanted: string, value: string): void => {
    if (!form.test(value)) problems.add(wrongValue(option, wanted, value));
  };
  must('--shards', /^[1-9]\d{0,3}$/, 'a whole number from 1 to 9999', shards);
  must('--image', /^[\w][\w./:@-]*$/, 'the name of an image', image);
  must('--name', LABEL, 'small letters, digits and "-", 52 at most', name);
  if (namespace !== undefined)
    must('--namespace', LABEL, 'small letters, digits and "-"', namespace);
  must('--cpu', /^\d+(?:\.\d+)?m?$/, 'processors such as "2" or "500m"', cpu);
  must('--memory', /^\d+(?:\.\d+)?[kMG]i?$/, 'memory such as "2Gi"', memory);
  return { shards: Number(shards), image, name, namespace, cpu, memory };
}
