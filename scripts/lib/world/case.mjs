// A case is a program of somebody else's, run with fibers and compared with the same without. It is
// { name, preload, file, cwd, flags?, args?, env?, prints? }; one that `prints` is compared by what it prints, too.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inRoot } from '../paths.mjs';

/** What `node --require` is given: everything in fibers, or the main module in a task. */
export const everywhere = inRoot('test', 'world', 'everywhere.cjs');
export const inTask = inRoot('test', 'world', 'in-task.cjs');

const LONGEST_OUTPUT = 1 << 20;

function start(one, how, world, slot) {
  const { execPath, flags, seed, seconds } = how;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'greenfiber-world-'));
  const args = [
    ...['--expose-gc', '--require', one.preload, ...flags, ...(one.flags ?? [])],
    ...[one.file, ...(one.args ?? [])],
  ];
  const child = spawn(execPath, args, {
    cwd: one.cwd,
    detached: true, // a group of its own, which ends with it
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...how.env,
      ...one.env,
      GREENFIBER_WORLD: world,
      GREENFIBER_WORLD_SEED: String(seed),
      // Where Node's tests write, and which ports they take.
      NODE_TEST_DIR: scratch,
      TEST_THREAD_ID: String(slot),
    },
  });
  const endGroup = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // nobody is left
    }
  };
  return new Promise((resolve) => {
    const output = { stdout: '', stderr: '' };
    for (const stream of Object.keys(output)) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        if (output[stream].length < LONGEST_OUTPUT) output[stream] += text;
      });
    }
    let ended = '';
    const timer = setTimeout(() => {
      ended = `${seconds} s`;
      endGroup();
    }, seconds * 1000);
    child.on('error', (error) => (ended = error.message));
    child.on('exit', () => setTimeout(endGroup, 100));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
      const crashed = ended === '' && signal !== null;
      ended ||= signal ?? (code === 0 ? 'well' : `exit code ${code}`);
      resolve({ ...output, ended, crashed });
    });
  });
}

const sameAs = (plain, one) => (run) =>
  run.ended === plain.ended && (!one.prints || run.stdout === plain.stdout);

/**
 * Answers { verdict, run, plain }. `passed`: it ends as it ends without fibers. `failing`: without them it fails as
 * well, so that it tells nothing. `differs`: twice, because many programs depend on the time; or it was ended by a
 * signal, once.
 */
export async function compare(one, how, slot) {
  const withFibers = () => start(one, how, 'fibers', slot);
  const run = await withFibers();
  if (run.ended === 'well' && !one.prints) return { verdict: 'passed', run };
  const plain = await start(one, how, 'plain', slot);
  const isSame = sameAs(plain, one);
  if (run.crashed && !plain.crashed) return { verdict: 'differs', run, plain };
  if (plain.ended !== 'well') return { verdict: 'failing', run, plain };
  if (isSame(run)) return { verdict: 'passed', run, plain };
  const again = await withFibers();
  if (isSame(again)) return { verdict: 'passed', run: again, plain };
  return { verdict: 'differs', run: again.crashed ? again : run, plain };
}
