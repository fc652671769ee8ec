import { basename } from 'node:path';

import type { Command } from 'commander';

import { ExitCode } from './exit-codes';
import { readHar } from './har';
import { harScenario } from './har-scenario';
import { ReportFile } from './report-file';

interface HarCommandOptions {
  output: string;
  assets?: boolean;
  host: string[];
}

/** Adds `load har`. */
export function addHarCommand(load: Command, exit: (code: number) => void): void {
  load
    .command('har')
    .summary("make a scenario from a browser's recording")
    .description(
      'Makes a scenario from an HTTP Archive, which browsers save from the network panel of their developer tools.',
    )
    .argument('<file>', 'the recording, as .har')
    .option('-o, --output <file>', 'the scenario; - is standard output', '-')
    .option(
      '--host <name>',
      'keep requests to this host (default: that of the first request)',
      collect,
      [],
    )
    .option('--assets', 'keep pictures, scripts, styles and fonts, too')
    .action((file: string, options: HarCommandOptions) => {
      const { assets = false, host: hosts, output } = options;
      const scenario = harScenario(readHar(file, { assets, hosts }), basename(file));
      const out = new ReportFile('--output', output);
      out.write(scenario);
      out.close();
      exit(ExitCode.ok);
    });
}

const collect = (value: string, all: string[]): string[] => [...all, value];
