// Starting child processes. A failing child ends the script with one line instead of a stack trace.
import { spawn, spawnSync } from 'node:child_process';
import { root } from './paths.mjs';

export function fail(message) {
  console.error(message);
  process.exit(1);
}

// Runs to the end with our own stdio; answers nothing, fails the script if the command fails.
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (error) fail(`${command}: ${error.message}`);
  if (status !== 0) fail(`${[command, ...args].join(' ')}: ${signal ?? `exit code ${status}`}`);
}

// Answers standard output; fails the script if the command fails.
export function read(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  if (error) fail(`${command}: ${error.message}`);
  if (status !== 0) fail(`${stdout}${stderr}${[command, ...args].join(' ')}: exit code ${status}`);
  return stdout;
}

// Runs to the end and answers { ok, output }; with `quiet` nothing is shown meanwhile.
export function capture(command, args, { quiet = false, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    let output = '';
    const collect = (to) => (chunk) => {
      output += chunk;
      if (!quiet) to.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', collect(process.stdout));
    child.stderr.setEncoding('utf8').on('data', collect(process.stderr));
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }));
    child.on('close', (status, signal) => {
      if (signal) output += `ended by ${signal}\n`;
      resolve({ ok: status === 0, output });
    });
  });
}
