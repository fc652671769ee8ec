// Waits at the top level of a module, and at that of one it requires.
const { wait } = require('greenfiber');

const { soon } = require('./waits-below.cjs');
console.log(soon, [1, 2].map(wait).join(), require.main === module, process.argv.slice(2));
