import { spawn } from 'greenfiber';
import { run, type LoadOptions, type Results } from 'greenfiber-load';

/** Has one user run one iteration, and throws what that threw. */
export async function oneIteration(
  iteration: () => void,
  options: LoadOptions = {},
): Promise<Results> {
  let thrown: unknown;
  const scenario = {
    default: () => {
      try {
        iteration();
      } catch (error) {
        thrown = error;
      }
    },
  };
  const results = await spawn(() => run(scenario, { vus: 1, iterations: 1, ...options }));
  if (thrown !== undefined) throw thrown;
  return results;
}
