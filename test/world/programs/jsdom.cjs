// A browser's document: listeners, observers and scripts of another `vm` context, which wait.
'use strict';

const { JSDOM } = require('jsdom');

const { blocking, pause } = require('../blocking.cjs');

const visit = blocking((name) => {
  const { window } = new JSDOM(`<body><h1>${name}</h1><ul></ul></body>`, {
    runScripts: 'outside-only',
  });
  const { document } = window;
  const log = [];
  document.body.addEventListener('ping', (event) => log.push(pause(event.detail)), true);
  document.querySelector('ul').addEventListener('ping', (event) => {
    event.stopPropagation();
    log.push(pause(`${event.detail} at ul`));
  });
  window.pause = pause;
  window.eval(`
    for (let i = 0; i < 20; i++) {
      const item = document.createElement('li');
      item.textContent = pause('item ' + i);
      document.querySelector('ul').append(item);
    }
    [...document.querySelectorAll('li')].sort((a, b) => pause(b.textContent.length - a.textContent.length));
  `);
  for (const item of document.querySelectorAll('li')) {
    item.dispatchEvent(new window.CustomEvent('ping', { detail: item.textContent, bubbles: true }));
  }
  const walker = document.createTreeWalker(document.body, 4, {
    acceptNode: (node) => pause(node.data.includes('1') ? 1 : 2),
  });
  while (walker.nextNode()) log.push(walker.currentNode.data);
  return [log, document.body.outerHTML];
});

Promise.all(['one', 'two', 'three'].map((name) => visit(name))).then((results) =>
  console.log(JSON.stringify(results)),
);
