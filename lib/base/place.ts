/**
 * Where greenfiber's files lie that are not JavaScript of the program's: the binary, the inspector's page, what worker
 * threads run. A bundler takes the JavaScript out of the package and leaves them behind; `greenfiber bundle` puts them into
 * a folder beside the bundle, laid out as the package is.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where this module lies, as far as whoever made an ES module of it says so. */
const HERE = typeof __dirname === 'string' ? __dirname : undefined;

/** This module in the package, and a neighbour: no bundle has both. */
const isInPackage =
  HERE?.endsWith(join('dist', 'base')) === true &&
  existsSync(join(HERE, 'place.js')) &&
  existsSync(join(HERE, '..', 'native', 'binding.js'));

/** The folder of the package; undefined where a bundler took this module out of it. */
export const PACKAGE = isInPackage ? join(HERE, '..', '..') : undefined;

/** The name of the folder that `greenfiber bundle` makes. */
export const FOLDER_BESIDE = 'greenfiber';

/** The remedy for a file that a bundle needs and has not. */
export const HOW_TO_BUNDLE =
  "run `npx greenfiber bundle <the bundle's folder>`, or leave greenfiber out of the bundle (docs/bundlers.md)";

/** Where a bundle looks for the folder: beside itself, the program's main script, and the executable. */
function foldersBeside(): string[] {
  const files = [process.argv[1], process.execPath].filter((file) => file !== undefined);
  const folders = [...(HERE === undefined ? [] : [HERE]), ...files.map((file) => dirname(file))];
  return folders.map((folder) => join(folder, FOLDER_BESIDE));
}

/** The package, or what stands for it beside a bundle; undefined where there is nothing. */
export function filesFolder(): string | undefined {
  return PACKAGE ?? foldersBeside().find((folder) => existsSync(join(folder, 'prebuilds')));
}
