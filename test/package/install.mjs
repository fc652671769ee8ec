// A user's empty folder with the tarball installed in it, on a machine without a compiler.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export const tarball = process.env.GREENFIBER_TARBALL;
export const loadTarball = process.env.GREENFIBER_LOAD_TARBALL;
export const aliasTarball = process.env.GREENFIBER_ALIAS_TARBALL;

// The npm that runs with this Node's own `node`; npm itself is the machine's.
const npmCli = process.env.npm_execpath;

const start = promisify(execFile);

// npm's settings of the surrounding `npm run`, and what it put on the PATH, are not the user's.
function userEnvironment(bin) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|GREENFIBER_|NODE_)/.test(name)),
  );
  return { ...env, PATH: bin };
}

// All that is on the user's PATH: that Node and a shell.
function pathWithoutCompiler(folder, execPath) {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(execPath, path.join(bin, 'node'));
  symlinkSync('/bin/sh', path.join(bin, 'sh'));
  return bin;
}

export class Installation {
  #env;

  static async make(node) {
    const folder = mkdtempSync(path.join(os.tmpdir(), `greenfiber-user-${node.major}-`));
    const installation = new Installation(node, folder);
    await installation.install(tarball);
    return installation;
  }

  // Its package.json with some more in it, installed.
  async installWith(more) {
    const file = path.join(this.app, 'package.json');
    const settings = JSON.parse(readFileSync(file, 'utf8'));
    const dependencies = { ...settings.dependencies, ...more.dependencies };
    writeFileSync(file, JSON.stringify({ ...settings, ...more, dependencies }));
    await this.install('--install-links');
  }

  // --offline: nothing may be fetched but what npm has in its cache.
  async install(...tarballs) {
    await this.node(npmCli, 'install', '--offline', '--no-audit', '--no-fund', ...tarballs);
  }

  constructor(node, folder) {
    this.folder = folder;
    this.package = path.join(folder, 'app', 'node_modules', 'greenfiber');
    this.app = path.join(folder, 'app');
    mkdirSync(this.app);
    writeFileSync(path.join(this.app, 'package.json'), '{ "private": true }\n');
    this.#env = userEnvironment(pathWithoutCompiler(folder, node.execPath));
  }

  // Runs the user's Node in the user's folder and answers what it printed.
  async node(...args) {
    const { stdout } = await this.run(...args);
    return stdout.trim();
  }

  run(...args) {
    const options = { cwd: this.app, env: this.#env };
    return start(path.join(this.folder, 'bin', 'node'), args, options);
  }

  async script(name, source) {
    writeFileSync(path.join(this.app, name), source);
    return this.node(name);
  }
}
