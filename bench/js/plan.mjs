// What is measured, and what it is measured against.

// One column of results: which cells run, and where. `engine` undefined: greenfiber is not involved.
const scenarios = [
  { file: 'javascript', name: 'await of a value' },
  { file: 'javascript', name: 'await of a pending promise' },
  { file: 'javascript', name: 'generator next' },
  { file: 'javascript', name: 'yield* at depth 10' },
  { file: 'javascript', name: 'yield* at depth 100' },
  { file: 'javascript', name: 'generator throw' },
  { file: 'javascript', name: 'generator create and finish' },
  { file: 'greenfiber', name: 'resume + yield', engine: 'direct' },
  { file: 'greenfiber', name: 'resume + yield', engine: 'locker' },
  { file: 'greenfiber', name: 'yield at call depth 1', engine: 'direct' },
  { file: 'greenfiber', name: 'yield at call depth 100', engine: 'direct' },
  { file: 'greenfiber', name: 'yield at call depth 1000', engine: 'direct' },
  { file: 'greenfiber', name: 'spawn + finish, pooled stack', engine: 'direct' },
  { file: 'greenfiber', name: 'throw into a fiber', engine: 'direct' },
  { file: 'greenfiber', name: 'error out of a fiber', engine: 'direct' },
  { file: 'tasks', name: 'yieldNow, two tasks', engine: 'direct' },
  { file: 'tasks', name: 'wait of a resolved promise', engine: 'direct' },
  { file: 'tasks', name: 'wait of a pending promise', engine: 'direct' },
  { file: 'tasks', name: 'unbuffered channel round trip', engine: 'direct' },
  { file: 'tasks', name: 'spawn + join of an empty task', engine: 'direct' },
  { file: 'offload', name: 'a single offloaded call', engine: 'direct' },
  { file: 'offload', name: 'a single uv_queue_work', engine: 'direct' },
  { file: 'offload', name: 'an offloaded call among many', engine: 'direct' },
  { file: 'node-fibers', name: 'resume + yield', peer: true },
  { file: 'node-fibers', name: 'spawn + finish, pooled stack', peer: true },
];

export const labelOf = ({ file, name, engine }) =>
  engine === 'locker'
    ? `${name} (locker engine)`
    : file === 'node-fibers'
      ? `node-fibers: ${name}`
      : name;

export const ownScenarios = scenarios.filter(({ peer }) => !peer);
export const peerScenarios = scenarios.filter(({ peer }) => peer);

// The figures to reach: median of one label over the median of another.
export const goals = [
  {
    what: 'round trip / await of a value',
    over: ['resume + yield', 'await of a value'],
    atMost: 1.2,
  },
  {
    what: 'round trip, direct / locker engine',
    over: ['resume + yield', 'resume + yield (locker engine)'],
    atMost: 1 / 7,
  },
  {
    what: 'yield at call depth 100 / depth 1',
    over: ['yield at call depth 100', 'yield at call depth 1'],
    atMost: 1.05,
  },
  {
    what: 'spawn + finish / round trip',
    over: ['spawn + finish, pooled stack', 'resume + yield'],
    atMost: 4,
  },
  {
    what: 'task-to-task yieldNow / round trip',
    over: ['yieldNow, two tasks', 'resume + yield'],
    atMost: 0.7,
  },
  {
    what: 'wait of a resolved promise / await',
    over: ['wait of a resolved promise', 'await of a value'],
    atMost: 3,
  },
  {
    what: 'wait of a pending promise / await',
    over: ['wait of a pending promise', 'await of a pending promise'],
    atMost: 3,
  },
  {
    what: 'spawn + join of a task / round trip',
    over: ['spawn + join of an empty task', 'resume + yield'],
    atMost: 5,
  },
  {
    what: 'node-fibers 5 on Node 14 / round trip',
    over: ['node-fibers: resume + yield', 'resume + yield'],
    atLeast: 15,
  },
];
