// Where things lie, whatever the working directory.
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const inRoot = (...parts) => path.join(root, ...parts);
export const tool = (name) => inRoot('node_modules', '.bin', name);
