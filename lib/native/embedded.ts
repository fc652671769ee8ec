import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What Node offers to the program of a single executable. */
interface SingleExecutable {
  isSea(): boolean;
  getRawAsset(key: string): ArrayBuffer;
}

/** The key of the addon among the assets of a single executable. */
const ASSET = 'greenfiber.node';

function singleExecutable(): SingleExecutable | undefined {
  // Node 20 has it from 20.12 on; it is no module that could be asked for without its prefix.
  const sea = process.getBuiltinModule('node:sea') as unknown as SingleExecutable | undefined;
  return sea?.isSea() === true ? sea : undefined;
}

/**
 * The addon, where this is a single executable that has it as an asset; undefined where it is not.
 *
 * @throws what loading it fails with, or writing it: the loader wants a file
 */
export function loadEmbedded(): unknown {
  const sea = singleExecutable();
  if (sea === undefined) return undefined;
  let asset: ArrayBuffer;
  try {
    asset = sea.getRawAsset(ASSET);
  } catch {
    return undefined; // it has none of this name
  }
  // A folder that nobody else can write to. What was loaded needs its file no more.
  const folder = mkdtempSync(join(tmpdir(), 'greenfiber-'));
  try {
    const file = join(folder, ASSET);
    writeFileSync(file, new Uint8Array(asset));
    return createRequire(file)(file) as unknown;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
