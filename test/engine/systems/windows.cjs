// Node on Windows, as far as programs can tell.
require('./pretend.cjs')('win32', 'x64');
