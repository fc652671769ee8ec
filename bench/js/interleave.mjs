// Measures cells in turn: every cell once before any a second time, so that a machine that slows down slows all of
// them down. A cell is { label, run }, where run() answers { nanoseconds, figures? } or throws.
import { Samples } from './samples.mjs';

export async function interleave(
  cells,
  { repetitions, samples = new Samples(), onProgress = () => undefined },
) {
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const { label, run } of cells) {
      if (samples.isFailed(label)) continue;
      onProgress(label, repetition);
      try {
        const { nanoseconds, figures = {} } = await run();
        samples.add(label, nanoseconds);
        for (const [name, value] of Object.entries(figures)) {
          samples.add(`${label}, ${name}`, value);
        }
      } catch (error) {
        samples.fail(label, error.message);
      }
    }
  }
  return samples;
}
