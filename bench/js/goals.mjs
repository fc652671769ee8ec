// The figures to reach. A goal is one of
//
//   { what, over: [LABEL, LABEL], atMost or atLeast }      the ratio of two medians
//   { what, of: LABEL, unit, atMost or atLeast }           a median
//   { what, value: (median) => number, unit, atMost ... }  anything else; median(LABEL) answers one
//
// A value is divided by `scale` to have its unit. `full: true` is judged at full size only. Labels are those of
// plan.mjs, for programs `PROGRAM: VARIANT` (nanoseconds) and `PROGRAM: VARIANT, FIGURE`.
import { goals as microbenchmarks } from './plan.mjs';

const each = (programs, goal) => programs.map(goal);
const programs = ['suspend-resume', 'two-resumes', 'state', 'sieve', 'c10m'];

const switching = [
  {
    what: 'two native switches / indirect call + ret',
    over: ['switch: greenfiber_inline_pair', 'switch: call_indirect'],
    atMost: 1.3,
  },
  {
    what: 'Boost.Context / two native switches',
    over: ['switch: boost_pair', 'switch: greenfiber_inline_pair'],
    atLeast: 4,
  },
  {
    what: 'swapcontext / two native switches',
    over: ['switch: swapcontext_pair', 'switch: greenfiber_inline_pair'],
    atLeast: 100,
  },
];

const suite = [
  {
    what: 'round trip / await of a value (second goal)',
    over: ['resume + yield', 'await of a value'],
    atMost: 1,
  },
  ...each(programs, (name) => ({
    what: `${name}: fibers / native floor`,
    over: [`${name}: fibers`, `${name}: native`],
    atMost: 8,
  })),
  ...each(programs, (name) => ({
    what: `${name}: node-fibers / fibers`,
    over: [`${name}: node-fibers`, `${name}: fibers`],
    atLeast: 15,
  })),
  {
    what: 'same-fringe: yield* / fibers',
    over: ['same-fringe: generators', 'same-fringe: fibers'],
    atLeast: 20,
  },
  {
    what: 'round trip over unbuffered channels / Go',
    over: ['unbuffered channel round trip', 'suspend-resume: Go, each'],
    atMost: 1,
  },
  {
    what: 'skynet-concurrent: tasks / Go',
    over: ['skynet-concurrent: fibers', 'skynet-concurrent: Go'],
    atMost: 1.5,
  },
  {
    what: 'requests per second: fiber handler / async handler',
    over: ['http: fibers, requests per second', 'http: async, requests per second'],
    atLeast: 0.95,
  },
  {
    what: 'skynet-nested, 1,111,110 fibers',
    of: 'skynet-nested: fibers',
    scale: 1e6,
    unit: 'ms',
    atMost: 370,
    full: true,
  },
];

const many = [
  {
    what: 'native memory of a suspended fiber',
    of: 'million: fibers, bytes native',
    unit: 'bytes',
    atMost: 4700,
    full: true,
  },
  {
    what: 'JavaScript heap of a suspended fiber',
    of: 'million: fibers, bytes heap',
    unit: 'bytes',
    atMost: 250,
    full: true,
  },
  {
    what: 'page tables of a suspended fiber',
    of: 'million: fibers, bytes pageTables',
    unit: 'bytes',
    atMost: 140,
    full: true,
  },
  {
    what: 'spawn each of a million fibers',
    of: 'million: fibers, nanoseconds spawn wall',
    unit: 'ns',
    atMost: 2500,
    full: true,
  },
  {
    what: 'resume each of a million fibers',
    of: 'million: fibers, nanoseconds resume wall',
    unit: 'ns',
    atMost: 500,
    full: true,
  },
  {
    what: 'major GC, each suspended fiber',
    of: 'minor-gc: fibers, major ns each',
    unit: 'ns',
    atMost: 600,
    full: true,
  },
  {
    what: 'minor GC with a million fibers, beyond twice the pause without',
    value: (median) =>
      median('minor-gc: fibers, minor ms all') - 2 * median('minor-gc: fibers, minor ms none'),
    unit: 'ms',
    atMost: 1,
    full: true,
  },
  {
    what: 'round-robin over 100,000 fibers / ping-pong',
    over: ['round-robin: fibers, each', 'resume + yield'],
    atMost: 8,
    full: true,
  },
];

const offload = [
  {
    what: 'a single offloaded call / uv_queue_work',
    over: ['a single offloaded call', 'a single uv_queue_work'],
    atMost: 1,
  },
  {
    what: 'dew: a call of nothing, 30,000 in batches of 100',
    of: 'dew: fibers, seq none least ns a call',
    unit: 'ns',
    atMost: 250,
    full: true,
  },
  ...each(['arith', 'memory'], (kernel) => ({
    what: `dew: ${kernel} with chunks ten times larger, one core / two`,
    over: [`dew: fibers, scaling ${kernel} cores 1`, `dew: fibers, scaling ${kernel} cores 2`],
    atLeast: 1.7,
    full: true,
  })),
];

export const goalGroups = [
  { title: 'Fibers and tasks', goals: microbenchmarks },
  { title: 'The native switch', goals: switching },
  { title: 'Programs', goals: suite },
  { title: 'A million fibers', goals: many },
  { title: 'Offloaded calls', goals: offload },
];

// Answers { value } of a goal, { problem: 'missing', 'failed' or 'full size only' }. `cells` maps labels to summaries.
export function evaluate(goal, cells, size) {
  if (goal.full && size !== 'full') return { problem: 'full size only' };
  let problem;
  const median = (label) => {
    const cell = cells[label] ?? cells[label.split(', ')[0]]; // a cell that failed has no figures
    if (cells[label]?.median !== undefined) return cell.median;
    problem = cell?.failed && problem !== 'missing' ? 'failed' : 'missing';
    return NaN;
  };
  const raw = valueOf(goal, median);
  if (problem) return { problem };
  return { value: raw / (goal.scale ?? 1) };
}

function valueOf({ over, of, value }, median) {
  if (over) return median(over[0]) / median(over[1]);
  return of ? median(of) : value(median);
}

export const isReached = ({ atMost, atLeast }, value) =>
  (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
