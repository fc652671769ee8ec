#!/usr/bin/env node
// Waits at the top level of a module, and at that of one it imports.
import { wait } from 'greenfiber';
import { soon } from './waits-below.mjs';

const isMain = import.meta.main ?? true; // not known before Node 24
console.log(soon, [1, 2].map(wait).join(), isMain, process.argv.slice(2));
