/** Where a package that is beside us, or the project's, has its command. */
function find(name: string): string | undefined {
  try {
    return require.resolve(name, { paths: [__dirname, process.cwd()] });
  } catch {
    return undefined;
  }
}

/** `greenfiber load`: a package of its own. */
export function load(): void {
  const cli = find('greenfiber-load/cli');
  if (cli === undefined) {
    process.stderr.write(
      'greenfiber: load tests are a package of their own: npm install greenfiber-load\n',
    );
    process.exitCode = 2;
  } else {
    require(cli);
  }
}
