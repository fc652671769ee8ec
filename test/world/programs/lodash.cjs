// Higher-order functions whose callbacks wait.
'use strict';

const _ = require('lodash');

const { blocking, pause } = require('../blocking.cjs');

const people = Array.from({ length: 50 }, (_unused, i) => ({
  name: `p${i}`,
  age: (i * 37) % 50,
  tags: [i % 3, { deep: [i] }],
}));

const work = {
  sortBy: () => _.sortBy(people, [(p) => pause(p.age % 5), (p) => pause(p.name)]),
  groupBy: () => _.groupBy(people, (p) => pause(p.age % 4)),
  cloneDeepWith: () =>
    _.cloneDeepWith(people, (value) => (typeof value === 'number' ? pause(value + 1) : undefined)),
  mergeWith: () =>
    _.mergeWith({}, ...people, (a, b) => (Array.isArray(a) ? pause(a.concat(b)) : undefined)),
  template: () =>
    _.template('<% _.each(people, (p) => { %><%- pause(p.name) %> <% }) %>')({ people, pause }),
  memoize: () => {
    const once = _.memoize((x) => pause(x * 2));
    return _.times(30, (i) => once(i % 7));
  },
  chain: () =>
    _.chain(people)
      .filter((p) => pause(p.age) > 10)
      .map((p) => pause(p.name))
      .take(10)
      .value(),
  isEqualWith: () => _.isEqualWith(people, _.cloneDeep(people), () => pause(undefined)),
};

Promise.all(Object.entries(work).map(async ([name, fn]) => [name, await blocking(fn)()])).then(
  (results) => console.log(JSON.stringify(results)),
);
