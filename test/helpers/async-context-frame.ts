import { nodeMajor } from './node-major';

/** Node 24 and later carry the asynchronous context in an AsyncContextFrame, unless told not to. */
export const hasFrameByDefault = nodeMajor >= 24;

/** The later releases of Node 22 and 23 do so when they are asked to. */
export const canChooseFrame =
  !hasFrameByDefault &&
  process.allowedNodeEnvironmentFlags.has('--experimental-async-context-frame');
