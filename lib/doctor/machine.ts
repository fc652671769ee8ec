import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export interface Platform {
  readonly os: string;
  readonly arch: string;
  readonly kernel: string;
  /** Of the C library; undefined where it is another than glibc. */
  readonly glibc: string | undefined;
  readonly processors: number;
  /** In bytes: guards and what goes back to the kernel come in such; undefined where it cannot be read. */
  readonly pageSize: number | undefined;
}

/** Numbers are bytes, or counts; `unlimited` as the kernel says it; undefined where it cannot be read. */
export interface Limits {
  /** RLIMIT_AS: stacks are address space first. */
  readonly addressSpace: Limit;
  readonly openFiles: Limit;
  /** RLIMIT_STACK, of the main stack. */
  readonly stack: Limit;
  readonly processes: Limit;
  readonly memory: number;
  /** What the control group allows; undefined: no less than there is. */
  readonly memoryOfGroup: number | undefined;
  /** vm.overcommit_memory: 0 guesses, 1 always, 2 never. */
  readonly overcommit: number | undefined;
  /** vm.max_map_count: guard pages made by mprotect are mappings. */
  readonly mappings: number | undefined;
}

export type Limit = number | 'unlimited' | undefined;

export interface Allocator {
  /** `glibc`, or the library that takes its place. */
  readonly name: string;
  /** LD_PRELOAD. */
  readonly preloaded: string | undefined;
}

export function platform(): Platform {
  return {
    os: process.platform,
    arch: process.arch,
    kernel: release(),
    glibc: glibcVersion(),
    processors: cpus().length,
    pageSize: pageSize(),
  };
}

/** The auxiliary vector holds pairs of words, a kind and a value; see getauxval(3). */
const AT_PAGESZ = 6n;

function pageSize(): number | undefined {
  const vector = readBytes('/proc/self/auxv');
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  }
  return undefined;
}

function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}

export function limits(): Limits {
  const table = read('/proc/self/limits');
  const soft = (name: string): Limit => {
    const value = new RegExp(`^${name} +(\\S+)`, 'm').exec(table)?.[1];
    return value === undefined || value === 'unlimited' ? value : Number(value);
  };
  const ofGroup = process.constrainedMemory();
  return {
    addressSpace: soft('Max address space'),
    openFiles: soft('Max open files'),
    stack: soft('Max stack size'),
    processes: soft('Max processes'),
    memory: totalmem(),
    memoryOfGroup: ofGroup > 0 && ofGroup < totalmem() ? ofGroup : undefined,
    overcommit: numberIn('/proc/sys/vm/overcommit_memory'),
    mappings: numberIn('/proc/sys/vm/max_map_count'),
  };
}

export function allocator(): Allocator {
  const library = /\S*\/lib(jemalloc|mimalloc|tcmalloc)\S*/.exec(read('/proc/self/maps'));
  return { name: library?.[1] ?? 'glibc', preloaded: process.env['LD_PRELOAD'] };
}

function numberIn(file: string): number | undefined {
  const text = read(file).trim();
  return text === '' ? undefined : Number(text);
}

const read = (file: string): string => readBytes(file).toString();

/** Empty where there is no such file, as on another system. */
function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
