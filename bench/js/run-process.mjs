// Runs a command to its end and answers the last line of its output, which is JSON. Throws an error with a short
// reason if there is none: a benchmark that fails is reported, not hidden.
import { spawn } from 'node:child_process';

// Signals for what a process did itself; all others come from somebody else.
const CRASHES = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGABRT', 'SIGTRAP', 'SIGFPE']);

export async function runProcess({ command, args, env }, { timeout }) {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr = (stderr + chunk).slice(-4096)));

  const { code, signal } = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });

  if (child.killed) throw new Error(`not finished after ${timeout / 1000} s`);
  if (signal || code !== 0) throw new Error(howItEnded({ code, signal, stderr }));
  return parseLast(stdout);
}

// Why a process failed, in a line.
export function howItEnded({ code, signal, stderr }) {
  if (signal) return `${CRASHES.has(signal) ? 'crashed with' : 'ended by'} ${signal}`;
  const lines = stderr.split('\n').filter((line) => line.trim());
  const thrown = lines.find((line) => /^\w*(Error|error|panic)\b.*:/.test(line));
  return thrown ?? lines.at(-1) ?? `exit code ${code}`;
}

function parseLast(stdout) {
  const line = stdout.trim().split('\n').at(-1);
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`printed no JSON but ${JSON.stringify(line.slice(0, 80))}`);
  }
}
