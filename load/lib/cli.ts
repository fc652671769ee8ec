#!/usr/bin/env node
/**
 * The command `greenfiber-load`, and `greenfiber load` where greenfiber finds this package.
 *
 * @packageDocumentation
 */
import { main } from './main';

// Whoever reads our output may go before its end, as `head` does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// `load` is what there is, and need not be said; options that come first are the command's own.
const given = process.argv.slice(2);
void main(/^(-v|--version|load)$/.test(given[0] ?? '') ? given : ['load', ...given]).then(
  (code) => {
    // Not when nothing is left to do: a pool of connections that a scenario has opened may never be closed.
    process.stdout.write('', () => {
      process.exit(code);
    });
  },
);
