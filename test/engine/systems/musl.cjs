// Node on Alpine, as far as programs can tell.
require('./pretend.cjs')('linux', process.arch);
