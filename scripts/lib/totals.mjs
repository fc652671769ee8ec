// Counting what test runners report. Every test command of this repository ends with the line
// `N passed, N failed`, so that the caller can add up.

export const none = Object.freeze({ passed: 0, failed: 0 });

export function add(...parts) {
  return {
    passed: parts.reduce((sum, part) => sum + part.passed, 0),
    failed: parts.reduce((sum, part) => sum + part.failed, 0),
  };
}

export function print({ passed, failed }) {
  console.log(`${passed} passed, ${failed} failed`);
}

const sum = (text, pattern) =>
  [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);

// A run that ended badly has failed, whatever it counted; so has one that ran no test.
function honest(ok, { passed, failed }) {
  return { passed, failed: ok && passed > 0 ? failed : Math.max(failed, 1) };
}

// What ava says of the tests that failed, in full: all that follows the first rule, which is below the list. A run that
// ended without one is shown whole.
export function reportOfAva(output) {
  return output.slice(Math.max(0, output.indexOf('\n  ─\n'))).trim();
}

// Says once more, at the end and between lines that .ci/run looks for, what failed.
export function printFailures(failures) {
  for (const { title, report } of failures) {
    console.log(`\n==== failed: ${title}\n${report}\n==== end of the report`);
  }
}

// Programs that print our own closing line, several in one output perhaps.
export function ofOutput(ok, output) {
  return honest(ok, {
    passed: sum(output, /^(\d+) passed, \d+ failed/gm),
    failed: sum(output, /^\d+ passed, (\d+) failed/gm),
  });
}

// ava names the passed tests one by one; its summary counts them only if none failed. Tests that are
// known failures or skipped count as neither.
export function ofAva(ok, output) {
  return honest(ok, {
    passed: output.match(/^ {2}[✔√] /gm)?.length ?? 0,
    failed:
      sum(output, /^ {2}(\d+) (?:tests?|hooks?) failed/gm) +
      sum(output, /^ {2}(\d+) (?:unhandled rejections?|uncaught exceptions?)/gm) +
      sum(output, /^ {2}(\d+) tests? remained pending/gm),
  });
}
