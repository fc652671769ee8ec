// A domain is active from the start.
// Node warns of code that sees a domain in a callback of its own.
process.noDeprecation = true;
require('node:domain').create().enter();
