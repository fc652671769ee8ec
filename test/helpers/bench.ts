import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const BENCH = join(__dirname, '../../bench');

/** A module of bench/, which is plain JavaScript. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const bench = (file: string): Promise<any> => import(pathToFileURL(join(BENCH, file)).href);

/** The Node that runs the test, as the benchmarks see it. */
export const thisNode = {
  version: process.versions.node,
  major: Number.parseInt(process.versions.node, 10),
  execPath: process.execPath,
  binding: process.env['GREENFIBER_BINDING'] ?? '',
  engine: process.env['GREENFIBER_ENGINE'] ?? '',
};
