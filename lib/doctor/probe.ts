import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import type { Stats } from '../inspect/stats';
import type { Step } from '../native/native';

/** What came of running fibers in a process of its own. */
export interface Probe {
  /** Whether tasks ran, slept, survived collections and ended. */
  readonly works: boolean;
  /** What ran them: `direct`, `locker` or `none`. */
  readonly engine: string;
  /** Why there is no better engine, or how the process ended; empty where nothing is amiss. */
  readonly reason: string;
  /** The addon, below the package's folder. */
  readonly binary: string | undefined;
  readonly stats: Stats | undefined;
  /** What was looked for before an engine was offered, in order: the process, Node, V8, a self-test. */
  readonly steps: readonly Step[];
}

/** In milliseconds; the locker engine on a busy machine is slow. */
const LONGEST = 30_000;
const MARK = 'greenfiber-doctor:';

/** Tries an engine, or the one that is chosen without being told, in a process that it may crash. */
export function probe(engine: 'direct' | 'locker' | undefined): Probe {
  const { GREENFIBER_ENGINE: asked, ...others } = process.env;
  const chosen = engine ?? asked;
  const { stdout, stderr, status, signal, error } = spawnSync(
    process.execPath,
    [...process.execArgv, join(__dirname, 'try-fibers.js')],
    {
      env: chosen === undefined ? others : { ...others, GREENFIBER_ENGINE: chosen },
      encoding: 'utf8',
      timeout: LONGEST,
    },
  );
  const line = stdout.split('\n').find((text) => text.startsWith(MARK));
  if (line !== undefined && status === 0) return JSON.parse(line.slice(MARK.length)) as Probe;
  const ended = signal === null ? `exit code ${String(status)}` : `signal ${signal}`;
  const reason = error?.message ?? `the process ended with ${ended}: ${lastLine(stderr)}`;
  return { works: false, engine: 'none', reason, binary: undefined, stats: undefined, steps: [] };
}

/** What the process answers with. */
export function answer(result: Probe): void {
  process.stdout.write(`${MARK}${JSON.stringify(result)}\n`);
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return lines.find((line) => /\w*Error\b|Check failed|Fatal/.test(line)) ?? lines.at(-1) ?? '';
}
