/** Says that a fiber was ended by V8, in the middle of its body and without its `finally` blocks. */
export function warnOfTermination(name: string): void {
  process.emitWarning(
    `${name} went on suspending while it was unwound, and was terminated`,
    'FiberWarning',
  );
}
