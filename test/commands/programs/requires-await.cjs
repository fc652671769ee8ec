// Must not run twice because of what it requires.
console.log('begins');
try {
  require('./has-await.mjs');
} catch ({ code }) {
  console.log(code);
}
