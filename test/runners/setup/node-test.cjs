globalThis.test = require('node:test').test;
require('./main-realm.cjs');
