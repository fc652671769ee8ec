// One program, three meanings. It says what it wants by effects, and whoever runs it decides what that means: do it,
// only write it down, or refuse in the middle, in which case its clean-up runs.
import { answer, effect, handle, on } from 'greenfiber';

const Run = effect('Run');
const Confirm = effect('Confirm');

// Plain code: it is not told who carries it out, and nothing is passed through it.
function release(version) {
  Run.perform('lock');
  try {
    ['build', 'test'].forEach((step) => Run.perform(step));
    if (!Confirm.perform(`release ${version}?`)) return 'not released';
    Run.perform(`publish ${version}`);
    return `released ${version}`;
  } finally {
    console.log('    unlocked');
  }
}

function reallyRun(body) {
  return handle(
    body,
    answer(Run, (step) => console.log(`    running ${step}`)),
    answer(Confirm, () => true),
  );
}

function dryRun(body) {
  const steps = [];
  handle(
    body,
    answer(Run, (step) => {
      steps.push(step);
    }),
    answer(Confirm, () => true),
  );
  return `would run ${steps.join(', ')}`;
}

function refuse(forbidden, body) {
  return handle(
    body,
    on(Run, (step, k) => {
      if (step !== forbidden) {
        Run.perform(step); // as the handler further out means it
        return k.tailResume();
      }
      k.return(); // drops the rest of the program: its finally blocks run
      return `refused at ${step}`;
    }),
  );
}

console.log('for real:');
console.log(`  ${reallyRun(() => release('1.0'))}`);
console.log('on paper:');
console.log(`  ${dryRun(() => release('1.1'))}`);
console.log('without tests:');
console.log(`  ${reallyRun(() => refuse('test', () => release('1.2')))}`);
