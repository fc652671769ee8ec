// The main module has as much room as on Node's own stack.
let depth = 0;
const recurse = () => (++depth < 6000 ? recurse() + 1 : 0);
console.log(recurse());
