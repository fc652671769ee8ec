// Releases of Node that stand for all of their line: the first that package.json admits, those around a change of what
// Node keeps per stack, and one in the middle. The newest of each line is added to them.
export const releases = {
  20: ['20.18.1', '20.19.2'],
  // Up to 22.19 the native execution resources are a vector, from 22.20 on a deque.
  22: ['22.0.0', '22.12.0', '22.19.0', '22.20.0'],
  23: ['23.0.0'],
  // Up to 24.7 a vector, from 24.8 on a deque.
  24: ['24.0.0', '24.4.1', '24.7.0', '24.8.0', '24.16.0'],
  25: ['25.0.0'],
  26: ['26.0.0', '26.5.0'],
};
