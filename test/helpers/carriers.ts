import { nodeMajor } from './node-major';

/** Every way in which this Node can carry the asynchronous context: the flags for each. */
export const carriers: Record<string, string[]> = {
  'in the way that is its default': [],
  ...(nodeMajor === 22 && {
    'in an AsyncContextFrame': ['--experimental-async-context-frame'],
  }),
  ...(nodeMajor >= 24 && { 'on resource objects': ['--no-async-context-frame'] }),
};
