// What the server answers, as functions of a number. Each calls `ask` now and then: in the server it blocks, in the
// client, which so knows what is right, it answers at once.
'use strict';

const words = 'alpha beta gamma delta epsilon zeta eta theta'.split(' ');
const range = (count) => Array.from({ length: count }, (_, i) => i);

/** Strings that V8 keeps as two halves until somebody looks into them. */
function concatenated(n, ask) {
  let text = '';
  for (const i of range(n % 40))
    text += words[(n + i) % words.length] + (i % 20 === 0 ? ask(i) : i);
  return text;
}

/** Bytes of such strings. To count them V8 has to put them together: most garbage is made inside these calls. */
function counted(n, ask) {
  const text = concatenated(n, ask) + words[n % words.length].repeat(300);
  let bytes = 0;
  for (let i = 0; i < 200; i++) bytes += Buffer.byteLength(text + words[i % words.length] + i);
  return bytes;
}

exports.json = (n, ask) =>
  JSON.stringify({
    n,
    items: range(n % 30).map((i) => ({ i, name: words[(n * i) % words.length], price: i / 4 })),
    slow: { toJSON: () => ({ text: concatenated(n, ask), at: ask(n) }) },
    bytes: counted(n, ask),
  });

exports.template = (n, ask) =>
  '<h1>{title}</h1>{rows}<p>{text}</p>'.replace(/\{(\w+)\}/g, (_, name) => {
    if (name === 'title') return `Page ${ask(n)}`;
    if (name === 'text') return concatenated(n + 7, ask);
    return range(n % 12)
      .sort((a, b) => (a === 3 ? ask(b) : b) - a)
      .map((i) => `<li>${words[i % words.length]} ${i}</li>`)
      .join('');
  });

/** The pieces of a stream. */
exports.pieces = (n, ask) =>
  range(1 + (n % 25)).map((i) => `${i % 8 === 0 ? ask(i) : i}:${words[(n + i) % 8].repeat(200)}\n`);

/** Rows of the database, as its query answers them. */
exports.rows = (n) =>
  range(100)
    .filter((i) => i % 10 === n % 10)
    .map((i) => ({ id: i, twice: i * 2, name: words[i % words.length] }));

Object.assign(exports, { range, words });
