// Node on an Apple machine, as far as programs can tell.
require('./pretend.cjs')('darwin', 'arm64');
