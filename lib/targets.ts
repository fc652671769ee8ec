/** Majors of Node for whose ABI the package ships a binary. */
export const SHIPPED_MAJORS: readonly number[] = [20, 22, 24, 26];

/** Majors of Node that greenfiber is built for by who uses them: they have reached the end of their life. */
export const BUILT_MAJORS: readonly number[] = [23, 25];

function list(majors: readonly number[], conjunction: string): string {
  return `${majors.slice(0, -1).join(', ')} ${conjunction} ${String(majors.at(-1))}`;
}

/** Where fibers run, for messages. */
export const TARGETS =
  `Node ${list(SHIPPED_MAJORS, 'or')} on Linux x86-64 with glibc, ` +
  `or Node ${list(BUILT_MAJORS, 'or')} with a binary built for it`;

const major = Number(process.versions.node.split('.')[0]);

/** Whether a binary for this process can be built from the package's sources. */
export function canBuild(): boolean {
  const isLinux = process.platform === 'linux' && process.arch === 'x64';
  return isLinux && hasGlibc() && [...SHIPPED_MAJORS, ...BUILT_MAJORS].includes(major);
}

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header: object };
  return 'glibcVersionRuntime' in header;
}
