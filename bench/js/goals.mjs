// The figures to reach. A goal is one of
//
//   { what, over: [LABEL, LABEL], atMost or atLeast }      the ratio of two medians
//   { what, of: LABEL, unit, atMost or atLeast }           a median
//   { what, value: (median) => number, unit, atMost ... }  anything else; median(LABEL) answers one
//
// `full: true` is judged at full size only. Labels are those of plan.mjs and, for programs, `PROGRAM: VARIANT`.
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
    what: 'skynet-nested, 1,111,110 fibers',
    of: 'skynet-nested: fibers',
    unit: 'ms',
    atMost: 370,
    full: true,
  },
];

export const goalGroups = [
  { title: 'Fibers and tasks', goals: microbenchmarks },
  { title: 'The native switch', goals: switching },
  { title: 'Programs', goals: suite },
];

// What a unit is, in what cells hold: nanoseconds, or the unit of the figure itself.
const scales = { ms: 1e6, µs: 1e3, ns: 1 };

// Answers { value } of a goal, { problem: 'missing', 'failed' or 'full size only' }. `cells` maps labels to summaries.
export function evaluate(goal, cells, size) {
  if (goal.full && size !== 'full') return { problem: 'full size only' };
  let problem;
  const median = (label) => {
    const cell = cells[label];
    if (cell?.median !== undefined) return cell.median;
    problem = cell?.failed && problem !== 'missing' ? 'failed' : 'missing';
    return NaN;
  };
  const raw = valueOf(goal, median);
  if (problem) return { problem };
  return { value: raw / (scales[goal.unit] ?? 1) };
}

function valueOf({ over, of, value }, median) {
  if (over) return median(over[0]) / median(over[1]);
  return of ? median(of) : value(median);
}

export const isReached = ({ atMost, atLeast }, value) =>
  (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
