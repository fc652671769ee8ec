// The cells of one program: each variant on each Node version, and every peer that implements it.
import { fileURLToPath } from 'node:url';
import { checkAnswer, sizeOf } from './programs.mjs';
import { runProcess } from './run-process.mjs';

const CHILD = fileURLToPath(new URL('program-child.mjs', import.meta.url));

export const labelOf = (program, implementation) => `${program.name}: ${implementation}`;

// Variants that not every Node version can run.
const requirements = {
  jspi: {
    missing: ({ major }) => major < 24 && 'Node has WebAssembly promise integration from 24 on',
    flags: ({ major }) => (major === 24 ? ['--experimental-wasm-jspi'] : []),
    withoutFibers: true, // which refuse it
  },
};

// A cell is { label, node, run }, or { label, node, missing: reason }. `node` is undefined for peers.
export function programCells(program, { targets, peers, size, warmUp, timeout }) {
  const own = targets.flatMap((target) =>
    Object.keys(program.variants).map((variant) => ({
      label: labelOf(program, variant),
      node: target.version,
      ...variantCell(program, variant, target, { size, warmUp, timeout }),
    })),
  );
  const theirs = peers
    .filter(({ programs }) => programs.includes(program.name))
    .map((peer) => ({
      label: labelOf(program, peer.name),
      node: undefined,
      ...(peer.missing
        ? { missing: peer.missing }
        : peerCell(program, peer, { size, warmUp, timeout })),
    }));
  return [...own, ...theirs];
}

function variantCell(program, variant, target, { size, warmUp, timeout }) {
  const { missing, flags, withoutFibers } = requirements[variant] ?? {};
  const reason = missing?.(target);
  if (reason) return { missing: reason };
  const command = {
    command: target.execPath,
    args: [
      ...['--expose-gc', ...program.flags, ...(flags?.(target) ?? [])],
      ...[CHILD, program.file, variant, size, String(warmUp)],
    ],
    env: {
      GREENFIBER_BINDING: withoutFibers ? 'none' : target.binding,
      GREENFIBER_ENGINE: target.engine ?? '',
    },
  };
  return { run: () => runProcess(command, { timeout }) };
}

// A peer written in JavaScript runs the program itself, on its own Node; the others have their own version of it and
// warm up with a small size.
function peerCell(program, peer, { size, warmUp, timeout }) {
  if (peer.variant) {
    const args = [...peer.args, CHILD, program.file, peer.variant, size, String(warmUp)];
    return { run: () => runProcess({ ...peer, args }, { timeout }) };
  }
  const amounts = [sizeOf(program, size), sizeOf(program, 'test')];
  const args = [...peer.args, program.name, ...amounts.map(String)];
  return {
    run: async () => {
      const { nanoseconds, result } = await runProcess({ ...peer, args }, { timeout });
      checkAnswer(program, amounts[0], result);
      return { nanoseconds };
    },
  };
}
