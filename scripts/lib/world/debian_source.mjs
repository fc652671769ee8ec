// Node's own tests, which no npm package has: Debian's source packages of nodejs do. They are fetched by name, with
// package lists of our own, so that the machine needs no deb-src line and is left as it was.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../paths.mjs';
import { fail, run } from '../run.mjs';

const suites = ['stable', 'testing', 'unstable', 'experimental'];
const folder = (major) => inRoot('.world', 'node', String(major));

function ask(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  return { ok: status === 0, stdout: stdout ?? '', stderr: stderr ?? String(error) };
}

// The mirror that the machine installs its own packages from.
function mirror() {
  const format = '$(LABEL) $(REPO_URI)';
  const { stdout } = ask('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const line = stdout.split('\n').find((target) => target.startsWith('Debian '));
  if (line === undefined) fail("Node's own tests come from Debian's source packages: no mirror");
  return line.split(' ')[1];
}

// Options that make apt use lists below `.world` and nothing else.
function aptOptions() {
  const apt = inRoot('.world', 'apt');
  const list = path.join(apt, 'sources.list');
  mkdirSync(path.join(apt, 'lists', 'partial'), { recursive: true });
  mkdirSync(path.join(apt, 'cache'), { recursive: true });
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  const uri = mirror();
  const lines = suites.map((suite) => `deb-src ${signed}${uri} ${suite} main\n`);
  writeFileSync(list, lines.join(''));
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': path.join(apt, 'lists'),
    'Dir::Cache': path.join(apt, 'cache'),
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

// Those of the same major version, then older ones, the newest first.
function candidates(major, versions) {
  const byNumber = (a, b) => b.localeCompare(a, 'en', { numeric: true });
  return [...new Set(versions)]
    .filter((version) => Number.parseInt(version, 10) <= major)
    .sort(byNumber);
}

// Answers the path of the archive, undefined if the mirror does not have it. Apt has checked what it leaves here; the
// package's other parts we can do without.
function download(version, options, target) {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  ask('apt-get', [...options, 'source', '--download-only', `nodejs=${version}`], { cwd: target });
  const name = readdirSync(target).find((file) => /^nodejs_[^-]*\.orig\.tar\.xz$/.test(file));
  return name && path.join(target, name);
}

/** Where a tree lies whose `test/parallel` fits Node `major`: fetched once, a few minutes the first time. */
export function nodeTests(major) {
  const target = folder(major);
  const found = () => existsSync(path.join(target, 'test', 'parallel'));
  if (found()) return target;
  if (process.getuid() !== 0 || !ask('apt-get', ['--version']).ok) {
    fail(`Node's own tests: unpack a source tree of Node ${major} as ${path.relative('', target)}`);
  }
  console.log(`fetching the source package of Node ${major}`);
  const options = aptOptions();
  ask('apt-get', [...options, 'update', '-q']); // a suite that is not to be had leaves the others
  const { stdout } = ask('apt-cache', [...options, 'showsrc', 'nodejs']);
  const versions = [...stdout.matchAll(/^Version: (\S+)$/gm)].map((match) => match[1]);
  let archive;
  for (const version of candidates(major, versions)) {
    archive = download(version, options, target);
    if (archive !== undefined) break;
  }
  if (archive === undefined) fail(`no source package of nodejs for Node ${major}: ${versions}`);
  const tests = ['--strip-components=1', '--wildcards', '*/test'];
  run('tar', ['--extract', '--file', archive, '--directory', target, ...tests]);
  rmSync(archive);
  if (!found()) fail(`the source package of Node ${major} has no test/parallel`);
  return target;
}
