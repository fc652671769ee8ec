/** Where a fiber is in its life. `resuming` waits for a fiber that it resumed. */
export type FiberState = 'created' | 'running' | 'resuming' | 'suspended' | 'finished';

// The numbers are those of State in src-native/fiber/fiber.h.
const STATES: readonly FiberState[] = [
  'finished',
  'suspended',
  'suspended',
  'running',
  'resuming',
  'finished',
  'suspended',
];

/** The state of a fiber that has started, by the number that C++ gives it. */
export function stateOf(number: number): FiberState {
  return STATES[number] ?? 'finished';
}
