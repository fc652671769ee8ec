import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = join(__dirname, '../..');
const SOURCES = join(ROOT, 'test/native/addon');
/** One copy for each ABI and processor, so that neither the test matrix nor the test of releases builds everything over and over. */
const COPY = join(ROOT, 'build/test-addon', `${process.arch}-${process.versions.modules}`);
const BUILT = join(COPY, 'addon/build/Release');

type Call<T = unknown> = (fn: () => T) => T;

/** test/native/addon/v8_addon.cc and control_flow.cc */
export interface V8Addon {
  enterAndLeave(): void;
  insideIsolateScope: Call;
  insideHandleScope: Call;
  insideOpenSlot: Call;
  writeOpenSlot(value: unknown): void;
  insideTryCatch: Call;
  makeCallback(fn: () => unknown, asyncId: number, triggerId: number): unknown;
  insideCallbackScope(fn: () => unknown, asyncId: number, triggerId: number): unknown;
  performCheckpoint(): void;
  insideMicrotasksScope: Call;
  withoutMicrotasks: Call;
  insideJavaScriptBan: Call;
  whileHandling(message: string, fn: () => unknown): string;
  whileUnwinding(fn: () => unknown): number;
  exceptionsInFlight(): number;
  isHandling(): boolean;
  setErrno(value: number): void;
  getErrno(): number;
  whileRounding(mode: number, fn: () => unknown): number;
  roundingMode(): number;
}

/** test/native/addon/napi_addon.cc */
export interface NodeApiAddon {
  plain: Call;
  insideHandleScope: Call;
  insideEscapableScope: Call;
  insideCallbackScope: Call;
  makeCallback: Call;
  catching: Call;
  fromEventLoop(fn: () => unknown): void;
}

interface Addons {
  v8_addon: V8Addon;
  napi_addon: NodeApiAddon;
}

/** The path of another addon, built for the running Node; for programs that run in a child process. */
export function addonPath(name: keyof Addons): string {
  const file = join(BUILT, `${name}.node`);
  if (isStale(file)) build();
  return file;
}

/** Another addon, loaded. */
export function loadAddon<N extends keyof Addons>(name: N): Addons[N] {
  return require(addonPath(name)) as Addons[N];
}

function isStale(file: string): boolean {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(SOURCES).some((name) => statSync(join(SOURCES, name)).mtimeMs > made);
}

/** Several test files want it at the same time, each in a process of its own: the lock lets one build. */
function build(): void {
  mkdirSync(COPY, { recursive: true });
  const gyp = join(ROOT, 'node_modules/node-gyp/bin/node-gyp.js');
  const steps =
    'mkdir -p addon && cp -pu "$1"/* addon && ' +
    '"$2" "$3" configure build --silent --directory addon --nodedir "$4"';
  const shell = ['sh', '-c', steps, 'sh', SOURCES, process.execPath, gyp, headers()];
  execFileSync('flock', ['lock', ...shell], {
    cwd: COPY,
    // Wins over an npm configuration that names the headers of another version.
    env: { ...process.env, npm_package_config_node_gyp_nodedir: headers() },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** A folder with include/node in it. */
function headers(): string {
  const beside = resolve(process.execPath, '../..');
  return existsSync(join(beside, 'include/node/node.h')) ? beside : '/usr';
}
