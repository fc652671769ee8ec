import { configure, configuredStackSize } from '../fiber/configure';
import { Scheduler } from '../scheduler/scheduler';
import { loader, loadMain } from './main-module';
import { makeUncaught } from './uncaught';

/** As much as Node's own stack has, about. */
const MAIN_STACK = 1 << 20;

const runWithout = loader.runMain;

/**
 * Runs a main module in a task that begins within this call.
 *
 * @returns whether it has run: what has a top-level `await` is left to Node's own loader. Rejected with what it throws
 */
function inTask(main: string): Promise<boolean> {
  const scheduler = Scheduler.default;
  const stackSize = configuredStackSize();
  const task = scheduler.create(
    () => {
      configure({ stackSize });
      return loadMain(main);
    },
    [],
    undefined,
  );
  task.name = 'main module';
  configure({ stackSize: MAIN_STACK });
  scheduler.makeReadyAndRun(task as never);
  return task.promise();
}

/** What Node calls to run the main module. */
export function runMain(main: string = process.argv[1] ?? ''): void {
  inTask(main).then((hasRun) => {
    if (!hasRun) runWithout(main);
  }, makeUncaught);
}

/**
 * For `--import`: Node is about to import the main module, which is then found loaded.
 *
 * @throws what it throws, of which Node makes an uncaught error, as of an import's
 */
export async function runBeforeImport(): Promise<void> {
  const [, main] = process.argv;
  if (main === undefined || !isNamedInOptions() || hasNoMain()) return;
  await inTask(main);
  // Node's import of a main module in CommonJS forgets it.
  const forgotten = { mainModule: Reflect.get(process, 'mainModule') as unknown };
  if (forgotten.mainModule !== undefined) {
    setImmediate(() => {
      Object.assign(process, forgotten);
    });
  }
}

function options(): string[] {
  return [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
}

/** Or it was imported by the program. */
function isNamedInOptions(): boolean {
  return options().some((option) => /(^|[=/])(greenfiber\/run|run\/index\.mjs)$/.test(option));
}

function hasNoMain(): boolean {
  if ((process as { _eval?: string })._eval !== undefined) return true;
  return options().some((option) => /^(--test|--watch|-i|--interactive|-c|--check)$/.test(option));
}
