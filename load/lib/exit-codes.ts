/** How `greenfiber load` ends; those above 2 are k6's. */
export const ExitCode = {
  ok: 0,
  /** Something else went wrong: a report could not be written, say. */
  error: 1,
  /** What was asked for makes no sense. */
  usage: 2,
  /** A threshold was crossed. */
  thresholds: 99,
  /** Ended by a signal, with a report. */
  interrupted: 105,
  /** The scenario could not be loaded, or its `setup` or `teardown` threw. */
  scenario: 107,
  /** Ended by a second signal, without a report. */
  killed: 130,
} as const;
