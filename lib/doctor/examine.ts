import { TARGETS } from '../native/targets';
import { allocator, limits, platform, type Allocator, type Limits, type Platform } from './machine';
import { probe, type Probe } from './probe';

const { version } = require('../../package.json') as { version: string };

/** What `greenfiber doctor --json` prints. */
export interface Report {
  readonly greenfiber: string;
  readonly node: { readonly version: string; readonly v8: string; readonly abi: string };
  readonly platform: Platform;
  /** The engine that programs get here. */
  readonly chosen: Probe;
  readonly direct: Probe;
  readonly locker: Probe;
  readonly flags: {
    readonly node: readonly string[];
    readonly nodeOptions: string | undefined;
    /** Variables whose names begin with GREENFIBER_. */
    readonly environment: Record<string, string | undefined>;
  };
  readonly limits: Limits;
  readonly allocator: Allocator;
  /** What is wrong, or might become so, and what to do. */
  readonly advice: readonly string[];
}

export function examine(): Report {
  const { node, v8, modules: abi } = process.versions;
  const found = {
    greenfiber: version,
    node: { version: node, v8, abi },
    platform: platform(),
    chosen: probe(undefined),
    direct: probe('direct'),
    locker: probe('locker'),
    flags: {
      node: process.execArgv,
      nodeOptions: process.env['NODE_OPTIONS'],
      environment: Object.fromEntries(
        Object.entries(process.env).filter(([name]) => name.startsWith('GREENFIBER_')),
      ),
    },
    limits: limits(),
    allocator: allocator(),
  };
  return { ...found, advice: advise(found) };
}

function advise(found: Omit<Report, 'advice'>): string[] {
  const { chosen, direct, locker } = found;
  const { addressSpace, overcommit, mappings } = found.limits;
  const advice: string[] = [];
  if (!chosen.works) advice.push(`Fibers do not run here: ${chosen.reason}. Needed: ${TARGETS}.`);
  if (locker.works && !direct.works) {
    advice.push(
      `The direct engine does not run, only the slower locker engine: ${direct.reason}. Please report it.`,
    );
  }
  if (chosen.works && chosen.engine === 'locker' && direct.works) {
    advice.push(
      'The slower locker engine runs, which was asked for: unset GREENFIBER_ENGINE for the other.',
    );
  }
  if (typeof addressSpace === 'number') {
    advice.push(
      'The address space is limited (ulimit -v), and stacks take 256 KiB of it each: fewer fibers fit.',
    );
  }
  if (overcommit === 2) {
    advice.push(
      'The kernel promises no more memory than it has (vm.overcommit_memory=2): fewer fibers fit.',
    );
  }
  if (chosen.stats?.stacks.guard === 'mprotect') {
    advice.push(
      `Guard pages are mappings, of which the kernel allows ${String(mappings)} (vm.max_map_count): ` +
        'beyond that, stacks have no guard.',
    );
  }
  return advice;
}
