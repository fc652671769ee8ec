// For GREENFIBER_BINDING: greenfiber with a share of the sleepers (GREENFIBER_TUCK, else all) tucked before every
// collection, and untucked by the first call that names them. Build it first: see docs/internals/tucked-stacks.md.
'use strict';

const path = require('node:path');

const major = process.versions.node.split('.', 1)[0];
const addon = require(path.join(__dirname, '..', '..', '..', '.nodes', major, 'tucked.node'));

const FORBIDDEN = 2;
addon.tuckBeforeCollections(Number(process.env.GREENFIBER_TUCK ?? 1), FORBIDDEN);
if (process.env.GREENFIBER_TUCK_STATS) {
  process.on('exit', () => console.error(JSON.stringify(addon.tuckStats())));
}

module.exports = addon;
