import type { Report } from './examine';
import type { Limit } from './machine';
import type { Probe } from './probe';

/** The report for people. */
export function asText(report: Report): string {
  const { node, platform, flags, limits, allocator, chosen } = report;
  const { stacks, flatScavenges, shapeMaps } = chosen.stats ?? {};
  const environment = Object.entries(flags.environment).map(
    ([name, value]) => `${name}=${value ?? ''}`,
  );
  const rows: [string, string][] = [
    ['greenfiber', report.greenfiber],
    ['binary', chosen.binary ?? 'none fits'],
    ['node', `${node.version} (V8 ${node.v8}, ABI ${node.abi})`],
    [
      'platform',
      `${platform.os}-${platform.arch}, kernel ${platform.kernel}, ` +
        `${platform.glibc === undefined ? 'no glibc' : `glibc ${platform.glibc}`}, ` +
        `${String(platform.processors)} processors`,
    ],
    [
      'pages',
      platform.pageSize === undefined ? 'unknown' : `${String(platform.pageSize / 1024)} KiB`,
    ],
    ['engine', chosen.works ? chosen.engine : `none: ${chosen.reason}`],
    ['  direct', verdict(report.direct)],
    ['  locker', verdict(report.locker)],
    ['guard pages', stacks?.guard ?? 'unknown'],
    [
      'flat scavenges',
      flatScavenges === undefined ? 'unknown' : wordsOf(flatScavenges.state, flatScavenges.reason),
    ],
    [
      'shape maps',
      shapeMaps === undefined ? 'unknown' : wordsOf(shapeMaps.state, shapeMaps.reason),
    ],
    ['flags of node', flags.node.join(' ') || 'none'],
    ['NODE_OPTIONS', flags.nodeOptions ?? 'not set'],
    ['environment', environment.join(' ') || 'nothing of greenfiber'],
    ['address space', size(limits.addressSpace)],
    [
      'memory',
      size(limits.memory) +
        (limits.memoryOfGroup === undefined
          ? ''
          : `, of which ${size(limits.memoryOfGroup)} allowed`),
    ],
    ['overcommit', String(limits.overcommit ?? 'unknown')],
    ['mappings', String(limits.mappings ?? 'unknown')],
    ['open files', String(limits.openFiles ?? 'unknown')],
    ['processes', String(limits.processes ?? 'unknown')],
    ['main stack', size(limits.stack)],
    [
      'allocator',
      allocator.name +
        (allocator.preloaded === undefined ? '' : `, LD_PRELOAD=${allocator.preloaded}`),
    ],
  ];
  const end = report.advice.length === 0 ? ['All is well.'] : report.advice;
  const lines = [
    ...columns(rows),
    ...calibration('direct', report.direct),
    ...calibration('locker', report.locker),
    '',
    ...end,
  ];
  return `${lines.join('\n')}\n`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const widest = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(widest)}  ${value}`);
}

/** Step by step, as far as it came. */
function calibration(engine: string, { steps }: Probe): string[] {
  if (steps.length === 0) return [];
  const rows = steps.map(
    ({ part, name, missed }) =>
      [`  ${part}: ${name}`, missed === '' ? 'ok' : `MISSED: ${missed}`] as const,
  );
  return ['', `calibration of the ${engine} engine`, ...columns(rows)];
}

function verdict(probe: Probe): string {
  return probe.works ? 'works' : `does not work: ${probe.reason}`;
}

function wordsOf(state: string, reason: string): string {
  return reason === '' ? state : `${state}: ${reason}`;
}

function size(bytes: Limit): string {
  if (typeof bytes !== 'number') return bytes ?? 'unknown';
  return `${(bytes / 2 ** 20).toLocaleString('en', { maximumFractionDigits: 0 })} MiB`;
}
