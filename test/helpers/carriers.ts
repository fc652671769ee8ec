import { canChooseFrame, hasFrameByDefault } from './async-context-frame';

/** Every way in which this Node can carry the asynchronous context: the flags for each. */
export const carriers: Record<string, string[]> = {
  'in the way that is its default': [],
  ...(canChooseFrame && { 'in an AsyncContextFrame': ['--experimental-async-context-frame'] }),
  ...(hasFrameByDefault && { 'on resource objects': ['--no-async-context-frame'] }),
};
