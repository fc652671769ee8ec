import { bodiesAsleep } from '../effects/handled-body';
import { runtime } from '../fiber/fiber';

/** What greenfiber holds in this thread. */
export interface Stats {
  /** Fibers that have started and not finished. Those that nothing will resume are leaks: see the docs. */
  readonly alive: number;
  /** Stacks of finished fibers that wait, still warm, for the next body. */
  readonly parked: number;
  /** Sleeping bodies of `handle` and `generate`. Those that nobody continues or drops are leaks. */
  readonly continuations: number;
  readonly stacks: {
    readonly inUse: number;
    /** Released, with their memory kept. */
    readonly warm: number;
    /** Released, with their memory given back. */
    readonly cold: number;
    readonly total: number;
    /** How often a fiber that slept, or a stack that waited, was relieved of what a deep recursion left behind. */
    readonly trimmed: number;
    /** Page tables given back because every stack in the 2 MiB that each maps was cold. */
    readonly pageTablesDropped: number;
    /** Without a guard page below them, because the kernel allows no more mappings. */
    readonly unguarded: number;
    /** How guard pages are made: `MADV_GUARD_INSTALL`, `mprotect` or none. */
    readonly guard: string;
    /** Address space, not memory. */
    readonly reservedBytes: number;
  };
  /** Whether a minor garbage collection leaves out the suspended stacks that refer to nothing young. */
  readonly flatScavenges: {
    /** Off while V8 has not yet collected often enough to be understood, and where it works in another way. */
    readonly state: 'on' | 'off';
    /** Why it is off; else empty. */
    readonly reason: string;
    /** Suspended stacks that the next minor collection leaves out. */
    readonly leftOut: number;
  };
  /** Whether a minor collection visits what is left of the stacks by their shape, where V8 would walk each frame by frame. */
  readonly shapeMaps: {
    readonly state: 'on' | 'off';
    /** Why it is off; else empty. */
    readonly reason: string;
    /** How many stacks were visited so since the start, and how many V8 walked meanwhile. */
    readonly visited: number;
    readonly walked: number;
    /** How many of the latter were compared with what their shape said, and were right. */
    readonly compared: number;
    /** What the maps take; the next full collection drops them. */
    readonly bytes: number;
  };
}

/** A snapshot of fibers and stacks; cheap enough to take every second. All zero where unsupported. */
export function stats(): Stats {
  runtime.fibers.sweep();
  const native = runtime.engine === 'none' ? undefined : runtime.addon?.stats();
  // Where no stack is ever left out, none is told young from old.
  const whyNoShapeMaps =
    native === undefined ? 'fibers cannot run here' : native.whyNotFlat || native.whyNoShapeMaps;
  return {
    alive: native === undefined ? 0 : native.fibers - native.parked,
    parked: native?.parked ?? 0,
    continuations: bodiesAsleep(),
    stacks: {
      inUse: native?.stacksInUse ?? 0,
      warm: native?.stacksWarm ?? 0,
      cold: native?.stacksCold ?? 0,
      total: native?.stacksTotal ?? 0,
      trimmed: native?.stacksTrimmed ?? 0,
      pageTablesDropped: native?.pageTablesDropped ?? 0,
      unguarded: native?.stacksUnguarded ?? 0,
      guard: native?.guard ?? 'none',
      reservedBytes: native?.reservedBytes ?? 0,
    },
    flatScavenges: {
      state: native?.whyNotFlat === '' ? 'on' : 'off',
      reason: native?.whyNotFlat ?? 'fibers cannot run here',
      leftOut: native?.oldStacks ?? 0,
    },
    shapeMaps: {
      state: whyNoShapeMaps === '' ? 'on' : 'off',
      reason: whyNoShapeMaps,
      visited: native?.stacksVisitedByShape ?? 0,
      walked: native?.stacksWalkedByV8 ?? 0,
      compared: native?.stacksCompared ?? 0,
      bytes: native?.shapeMapBytes ?? 0,
    },
  };
}
