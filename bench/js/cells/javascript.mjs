// What the language itself offers. A cell sets something up and answers a function that performs the
// measured operation `n` times.

function* forever() {
  for (;;) yield;
}

function* delegate(depth) {
  if (depth > 1) yield* delegate(depth - 1);
  else yield* forever();
}

const pull = (generator) => (n) => {
  for (let i = 0; i < n; i++) generator.next(i);
};

function* catching() {
  for (;;) {
    try {
      yield;
    } catch {
      // The next round.
    }
  }
}

export default {
  'await of a value': () => async (n) => {
    for (let i = 0; i < n; i++) await i;
  },

  'await of a pending promise': () => async (n) => {
    for (let i = 0; i < n; i++) await Promise.resolve().then(() => undefined);
  },

  'generator next': () => pull(forever()),

  'yield* at depth 10': () => pull(delegate(10)),

  'yield* at depth 100': () => pull(delegate(100)),

  'generator throw': () => {
    const generator = catching();
    const error = new Error('crosses');
    generator.next();
    return (n) => {
      for (let i = 0; i < n; i++) generator.throw(error);
    };
  },

  'generator create and finish': () => {
    function* body() {
      // Ends at once.
    }
    return (n) => {
      for (let i = 0; i < n; i++) body().next();
    };
  },
};
