// Which part may import which: checked by `npm run lint:layers`. Of types, too, what lies above is not to be known; only
// cycles of them are free, and what io, http and offload are built on, since nothing is left of them at run time.

// Of lib, from the bottom to the top; parts in one row know nothing of each other.
const layers = [
  ['base'],
  ['native'],
  ['fiber'],
  ['scheduler'],
  ['lowlevel'],
  ['effects', 'sync', 'io'],
  ['everyday', 'http', 'offload', 'inspect'],
  ['events', 'fs', 'process', 'testing', 'compat', 'run'],
  ['test', 'doctor'],
  ['commands'],
];

// Of the scheduler, what users import from the entry point of all; the rest of what blocking primitives need is the kit.
const everybodys = 'blocking|cpu-limit|fiber-local|group|limits|scheduler|spawn|task|wait';

// What cannot be built on that: limits of a handler are a scope of their own, a body may be a promise that settles
// between two turns; and the addon's half of offload is part of a turn.
const deeper = ['http/handler-limits', 'http/content', 'http/sending', 'offload/native'];

const folder = (names) => `^lib/(${names.join('|')})/`;

const upwards = layers.flatMap((row, height) =>
  row.map((name) => ({
    name: `lib/${name} is below`,
    severity: 'error',
    from: { path: folder([name]), pathNot: '/index\\.ts$' },
    to: {
      path: folder([...row.filter((other) => other !== name), ...layers.slice(height + 1).flat()]),
    },
  })),
);

export default {
  forbidden: [
    ...upwards,
    {
      name: 'built on the kit of greenfiber/lowlevel and what is public',
      severity: 'error',
      from: {
        path: folder(['io', 'http', 'offload']),
        pathNot: `^lib/(${deeper.join('|')})\\.ts$`,
      },
      to: {
        path: folder(['native', 'fiber', 'scheduler']),
        pathNot: `^lib/scheduler/(${everybodys})\\.ts$`,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      // It connects its users with what they have in common: reports, and the copy that serves the thread.
      name: 'an entry point uses its own part, those below, and inspect/reports',
      severity: 'error',
      from: { path: '^lib/(io|lowlevel|http|offload)/index\\.ts$' },
      to: { path: '^lib/(inspect/(?!reports)|testing|compat)' },
    },
    {
      name: 'what is inside knows nothing of the entry point of all',
      severity: 'error',
      from: { path: '^lib/[^/]+/', pathNot: '^lib/(compat|commands|doctor)/' },
      to: { path: '^lib/index\\.ts$' },
    },
    {
      name: 'no cycles of values',
      comment: 'A continuation is driven, and who drives makes continuations.',
      severity: 'error',
      from: { pathNot: '^lib/effects/(continuation|drive)\\.ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'the load tester uses what is public',
      severity: 'error',
      from: { path: '^load/lib/' },
      to: { path: '^lib/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|^dist|^load/dist' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
