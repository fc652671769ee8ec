import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { spawn } from 'greenfiber';
import { Offload } from 'greenfiber/offload';
import { kernelsOf } from '../../dew/library.mjs';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { runningNode } from '../../../scripts/lib/node_versions.mjs';

// bench/native/queue_work.c
function libuv() {
  const binary = inRoot('build', 'bench', 'queue_work.node');
  const building = `${binary}.${process.pid}`;
  mkdirSync(inRoot('build', 'bench'), { recursive: true });
  const include = `-I${runningNode().nodedir}/include/node`;
  const source = inRoot('bench', 'native', 'queue_work.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O2', include, '-o', building, source]);
  renameSync(building, binary);
  return createRequire(import.meta.url)(binary);
}

const nothing = new Int32Array(1);

export default {
  // One call after the other of a function that returns at once, while nothing else runs.
  'a single offloaded call': () => {
    const { none } = kernelsOf(new Offload({ threads: 1 }));
    return async (n) => {
      await spawn(() => {
        for (let i = 0; i < n; i++) none(nothing, 1);
      });
    };
  },

  'a single uv_queue_work': () => {
    const { queueWork } = libuv();
    return (n) =>
      new Promise((resolve) => {
        const next = () => {
          if (n-- === 0) resolve();
          else queueWork(next);
        };
        next();
      });
  },

  // 1,000 tasks that each call a function that returns at once; in batches of 100.
  'an offloaded call among many': () => {
    const { none } = kernelsOf(new Offload({ threads: 1 }));
    return async (n) => {
      const calls = Math.max(1, Math.round(n / 1000));
      const body = () => {
        for (let i = 0; i < calls; i++) none(nothing, 1);
      };
      await Promise.all(Array.from({ length: Math.min(n, 1000) }, () => spawn(body)));
    };
  },
};
