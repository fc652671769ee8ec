import { dirname } from 'node:path';

/** The checkout, wherever the file that asks was compiled to. */
export const ROOT = dirname(require.resolve('greenfiber/package.json'));
