// Templates whose helpers wait: generated code, `with`, closures, regular expressions with callbacks.
'use strict';

const ejs = require('ejs');
const handlebars = require('handlebars');
const { marked } = require('marked');
const nunjucks = require('nunjucks');
const pug = require('pug');

const { blocking, pause } = require('../blocking.cjs');

const items = Array.from({ length: 20 }, (_, i) => ({ name: `<item ${i}>`, price: i * 1.5 }));

handlebars.registerHelper('slow', (value) => pause(`${value}!`));
handlebars.registerHelper('twice', function twice(options) {
  return options.fn(this) + pause('|') + options.fn(this);
});
handlebars.registerPartial('item', '{{slow name}}={{price}}');

const environment = new nunjucks.Environment(null, { autoescape: true });
environment.addFilter('slow', (value) => pause(`${value}?`));

marked.use({
  mangle: false,
  headerIds: false,
  renderer: { heading: (text, level) => pause(`<h${level}>${text}</h${level}>\n`) },
  walkTokens: (token) => void pause(token),
});

const render = {
  handlebars: () =>
    handlebars.compile('{{#each items}}{{#twice}}{{> item}}{{/twice}};{{/each}}')({ items }),
  ejs: () =>
    ejs.render('<% for (const x of items) { %><%= pause(x.name) %>, <% } %>', { items, pause }),
  nunjucks: () =>
    environment.renderString(
      '{% macro row(x) %}{{ x.name | slow }}{% endmacro %}{% for x in items %}{{ row(x) }}{% endfor %}',
      { items },
    ),
  pug: () =>
    pug.render('ul\n  each x in items\n    li(title=pause(x.price))= x.name', { items, pause }),
  marked: () => marked.parse(items.map((x) => `# ${x.name}\n\n* *${x.price}*\n`).join('\n')),
};

const tasks = Array.from({ length: 30 }, (_, i) => Object.entries(render)[i % 5]);
Promise.all(tasks.map(async ([name, fn]) => [name, await blocking(fn)()])).then((results) =>
  console.log(JSON.stringify(results)),
);
