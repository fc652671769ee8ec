/** Majors of Node for whose ABI the package ships a binary. */
export const SHIPPED_MAJORS: readonly number[] = [20, 22, 24, 26];

/** Majors of Node that greenfiber is built for by who uses them: they have reached the end of their life. */
export const BUILT_MAJORS: readonly number[] = [23, 25];

function list(majors: readonly number[], conjunction: string): string {
  return `${majors.slice(0, -1).join(', ')} ${conjunction} ${String(majors.at(-1))}`;
}

/** Processors that the package ships binaries for, by `process.arch`, as people call them. */
export const SHIPPED_ARCHITECTURES = { x64: 'x86-64', arm64: 'aarch64' } as const;

/** Where fibers run, for messages. */
export const TARGETS =
  `Node ${list(SHIPPED_MAJORS, 'or')} on Linux (${Object.values(SHIPPED_ARCHITECTURES).join(' or ')}) with glibc, ` +
  `or Node ${list(BUILT_MAJORS, 'or')} with a binary built for it`;

/** The binary for this process, below the package's folder. */
export const SHIPPED_BINARY = `prebuilds/${process.platform}-${process.arch}/greenfiber.abi${process.versions.modules}.glibc.node`;

const major = Number(process.versions.node.split('.')[0]);

/** What to do on another operating system. */
export const HOW_ELSEWHERE =
  'Programs run in a container with Linux, an Apple machine\'s included: docker run --rm -it -v "$PWD":/app -w /app ' +
  `node:${String(SHIPPED_MAJORS.includes(major) ? major : Math.max(...SHIPPED_MAJORS))} node main.mjs`;

/** Whether a binary for this process can be built from the package's sources. */
export function canBuild(): boolean {
  const isLinux = process.platform === 'linux' && process.arch in SHIPPED_ARCHITECTURES;
  return isLinux && hasGlibc() && [...SHIPPED_MAJORS, ...BUILT_MAJORS].includes(major);
}

/** The program that runs us, where it is one that resembles Node. */
export function otherRuntime(): string | undefined {
  const { bun, deno, electron } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  return electron === undefined ? undefined : `Electron ${electron}`;
}

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header: object };
  return 'glibcVersionRuntime' in header;
}
