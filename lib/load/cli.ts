#!/usr/bin/env node
/**
 * The command `greenfiber`.
 *
 * @packageDocumentation
 */
import { main } from './main';

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
