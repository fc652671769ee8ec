/* eslint-disable @typescript-eslint/no-base-to-string, @typescript-eslint/no-empty-function, @typescript-eslint/no-explicit-any, @typescript-eslint/no-extraneous-class, @typescript-eslint/no-implied-eval, @typescript-eslint/no-misused-spread, @typescript-eslint/no-unused-expressions, @typescript-eslint/restrict-plus-operands --
   on purpose: tests of odd programs */
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import vm from 'node:vm';

/** Code in which a call to `ask` lies below a built-in. `ask` suspends the fiber it is called in. */
export type BuiltIn = (ask: (value: any) => any) => unknown;

/** A collection with a comparator, long enough for V8 to leave its short-array paths. */
const numbers = Array.from({ length: 40 }, (_, i) => (i * 17) % 40);

function* count(ask: (value: any) => any): Generator<any> {
  for (let i = 0; i < 3; i++) yield ask(i);
}

const get = (read: () => unknown): any =>
  Object.defineProperty({}, 'x', { get: read, enumerable: true });

// (module (import "" "f" (func (param i32) (result i32))) (func (export "g") (param i32) (result i32)
//   local.get 0  call 0  i32.const 1  i32.add))
const wasm = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 2, 6, 1, 0, 1, 102, 0, 0, 3, 2, 1, 0, 7,
  5, 1, 1, 103, 0, 1, 10, 11, 1, 9, 0, 32, 0, 16, 0, 65, 1, 106, 11,
]);

/** By name. Each answers the same whether `ask` suspends a fiber or is an ordinary function. */
export const builtIns: Record<string, BuiltIn> = {
  'Array.prototype.join': (ask) => [{ toString: () => ask(1) }, { toString: () => ask(2) }].join(),
  'Array.prototype.sort': (ask) => [...numbers].sort((a, b) => ask(a) - ask(b)),
  'Array.prototype.toSorted': (ask) => numbers.toSorted((a, b) => ask(a) - ask(b)),
  'Array.prototype.map': (ask) => [1, 2, 3].map(ask),
  'Array.prototype.filter': (ask) => [1, 2, 3].filter((x) => ask(x) > 2),
  'Array.prototype.forEach': (ask) => {
    const seen: unknown[] = [];
    [1, 2, 3].forEach((x) => seen.push(ask(x)));
    return seen;
  },
  'Array.prototype.reduce': (ask) => [1, 2, 3].reduce((sum, x) => sum + (ask(x) as number), 0),
  'Array.prototype.reduceRight': (ask) => [1, 2].reduceRight((all, x) => `${all}${ask(x)}`, ''),
  'Array.prototype.find': (ask) => [1, 2, 3].find((x) => ask(x) === 4),
  'Array.prototype.findLastIndex': (ask) => [1, 2, 3].findLastIndex((x) => ask(x) === 2),
  'Array.prototype.every and some': (ask) => [
    [1, 2].every((x) => ask(x) > 0),
    [1, 2].some((x) => ask(x) > 3),
  ],
  'Array.prototype.flatMap': (ask) => [1, 2].flatMap((x) => [ask(x), x]),
  'Array.prototype.concat': (ask) =>
    [0].concat(
      new Proxy([1], {
        get: (target, key, receiver) =>
          key === '0' ? ask(5) : (Reflect.get(target, key, receiver) as unknown),
      }),
    ),
  'Array.from with an iterator and a function': (ask) => Array.from(count(ask), (x) => ask(x)),
  'Array.from with an array-like': (ask) =>
    Array.from(
      new Proxy(
        { length: 2 },
        {
          get: (_, key) =>
            key === 'length' ? 2 : typeof key === 'string' ? ask(Number(key)) : undefined,
        },
      ),
    ),
  'typed array sort': (ask) => [...Float64Array.from(numbers).sort((a, b) => ask(b) - ask(a))],
  'typed array from and map': (ask) => [...Int32Array.from([1, 2], ask).map((x) => ask(x))],
  spread: (ask) => [...count(ask)],
  'spread of arguments': (ask) => Math.max(...(count(ask) as Iterable<number>)),
  destructuring: (ask) => {
    const [a, b = ask('default'), { c = ask('c') }] = [ask(1), undefined, {}];
    return [a, b, c];
  },
  'destructuring of an iterator that is closed early': (ask) => {
    let closed: unknown;
    const iterable = {
      *[Symbol.iterator]() {
        try {
          yield ask(1);
          yield ask(2);
        } finally {
          closed = ask('closed');
        }
      },
    };
    const [a] = iterable as Iterable<unknown>;
    return [a, closed];
  },
  'for-of with break': (ask) => {
    for (const x of count(ask)) if (x > 0) return x as unknown;
    return 'none';
  },
  generator: (ask) => {
    const generator = count(ask);
    return [generator.next(), generator.next(), ask('between'), generator.return('end')];
  },
  'generator that delegates': (ask) => {
    function* outer(): Generator {
      yield* count(ask);
      return ask('end');
    }
    return [...outer()];
  },
  'default argument': (ask) => ((x = ask(1)) => x as unknown)(),
  'String.prototype.replace': (ask) => 'a-b-c'.replace(/[a-c]/g, (x) => ask(x)),
  'String.prototype.replaceAll': (ask) => 'a-a'.replaceAll('a', (x) => ask(x)),
  'Symbol.replace of a regular expression': (ask) => {
    class Slow extends RegExp {
      override exec(text: string): RegExpExecArray | null {
        ask(this.lastIndex);
        return super.exec(text);
      }
    }
    return [
      'a1b2'.replace(new Slow('\\d', 'g'), '#'),
      'a1b2'.split(new Slow('\\d')),
      new Slow('b').test('ab'),
    ];
  },
  'Symbol.match, split and search of an object': (ask) => {
    const pattern = {
      [Symbol.match]: () => ask('match'),
      [Symbol.split]: () => ask('split'),
      [Symbol.search]: () => ask(3),
    };
    return ['x'.match(pattern as never), 'x'.split(pattern as never), 'x'.search(pattern as never)];
  },
  'RegExp lastIndex': (ask) => {
    const pattern = /a/y;
    pattern.lastIndex = { valueOf: () => ask(1) } as never;
    return pattern.exec('bba')?.index;
  },
  'JSON.stringify with toJSON': (ask) =>
    JSON.stringify([{ toJSON: () => ask(1) }, { toJSON: () => ask(2) }]),
  'JSON.stringify with getters': (ask) =>
    JSON.stringify({ deep: { deeper: [get(() => ask(1))] } }, null, 2),
  'JSON.stringify with a replacer': (ask) =>
    JSON.stringify(
      { a: 1, b: [2] },
      (_, value) => (typeof value === 'number' ? ask(value) : value) as unknown,
    ),
  'JSON.stringify inside a toJSON': (ask) =>
    JSON.stringify({ toJSON: () => JSON.stringify({ toJSON: () => ask(1) }) + ask(2) }),
  'JSON.parse with a reviver': (ask) =>
    JSON.parse(
      '{"a":1,"b":[2,3]}',
      (_, value) => (typeof value === 'number' ? ask(value) : value) as unknown,
    ),
  'getter and setter': (ask) => {
    let stored: unknown;
    const object = {
      get x() {
        return ask('get') as unknown;
      },
      set x(value) {
        stored = [value, ask('set')];
      },
    };
    object.x = object.x; // eslint-disable-line no-self-assign
    return stored;
  },
  'getter reached through super': (ask) => {
    class Base {
      get x(): unknown {
        return ask(1);
      }
    }
    class Derived extends Base {
      override get x(): unknown {
        return [super.x, ask(2)];
      }
    }
    return new Derived().x;
  },
  'every trap of a proxy': (ask) => {
    const log: unknown[] = [];
    const handler = new Proxy(
      {},
      {
        get: (_, trap: string) => (log.push(ask(trap)), undefined),
      },
    );
    const proxy: any = new Proxy(function target() {}, handler);
    proxy.a = 1;
    proxy.a;
    'a' in proxy;
    delete proxy.a;
    Object.keys(proxy as object);
    Object.defineProperty(proxy, 'b', { value: 1, configurable: true });
    Object.getPrototypeOf(proxy);
    Object.setPrototypeOf(proxy, null);
    Object.isExtensible(proxy);
    Object.preventExtensions(proxy);
    proxy();
    new proxy();
    return log;
  },
  'proxy that calls and constructs': (ask) => {
    const proxy: any = new Proxy(class {}, {
      apply: (_, __, args) => ask(args[0]),
      construct: (_, args) => ({ made: ask(args[0]) }),
      has: (_, key) => Boolean(ask(key)),
      ownKeys: () => [ask('key'), 'prototype'],
    });
    return [new proxy(2), 'x' in proxy, Reflect.ownKeys(proxy as object)];
  },
  'Symbol.toPrimitive': (ask) => {
    const thing: any = { [Symbol.toPrimitive]: (hint: string) => ask(hint) };
    return [+thing, `${thing}`, thing + '', thing < 1, Number(thing), String(thing)];
  },
  'toString and valueOf': (ask) => {
    const thing: any = { toString: () => ask('s'), valueOf: () => ask(2) };
    return [
      `${thing}`,
      thing * 3,
      { s: 1 }[thing as string],
      Math.max(thing as number, 1),
      'abc'.at(thing as number),
    ];
  },
  'Symbol.hasInstance': (ask) => ({}) instanceof ({ [Symbol.hasInstance]: () => ask(1) } as never),
  'Symbol.species': (ask) => {
    class Special extends Array<number> {
      static override get [Symbol.species]() {
        ask('species');
        return Array;
      }
    }
    return Special.of(1, 2).map((x) => x * 2).constructor === Array;
  },
  'tagged template': (ask) =>
    ((strings: TemplateStringsArray, ...values: unknown[]) => [
      strings.raw,
      values,
      ask('tag'),
    ])`a${ask(1)}b${ask(2)}`,
  'class: heritage, computed key, static block, field': (ask) => {
    const made = class extends (ask(1), Object) {
      static fromBlock: unknown;
      field: unknown = ask('field');
      static [`key${ask('key')}`](): void {
        ask('never');
      }
      static {
        this.fromBlock = ask('block');
      }
    };
    return [made.fromBlock, { ...new made() }, Object.getOwnPropertyNames(made)];
  },
  'new Function': (ask) => new Function('ask', 'return ask(1) + ask(2)')(ask) as unknown,
  'direct eval': (ask) => [eval('[ask(1), (() => ask(2))()]'), ask(3)],
  'indirect eval': (ask) =>
    (0, eval)('(ask) => { with ({ get x() { return ask(1) } }) return x }')(ask) as unknown,
  'Reflect.construct and apply': (ask) =>
    [
      Reflect.construct(
        class {
          got = ask(1) as unknown;
        },
        [],
      ),
      Reflect.apply(ask, undefined, [2]),
      (Function.prototype.call as any).call(ask, undefined, 3),
      ask.bind(undefined, 4)(),
    ].map((x: unknown) => ({ ...(x as object) }).toString() && inspect(x)),
  'Map, Set and their constructors': (ask) => {
    const seen: unknown[] = [];
    new Map([[1, 2]]).forEach((value) => seen.push(ask(value)));
    new Set([3]).forEach((value) => seen.push(ask(value)));
    return [
      ...seen,
      [...new Set(count(ask))],
      Object.fromEntries([...count(ask)].map((x) => [x, ask(x)])),
    ];
  },
  'Map made from an iterator': (ask) => [
    ...new Map(
      (function* (): Generator<[unknown, unknown]> {
        yield [ask(1), ask(2)];
      })(),
    ),
  ],
  'Object.assign and spread with getters': (ask) => [
    Object.assign(
      {},
      get(() => ask(1)),
    ),
    { ...get(() => ask(2)) },
  ],
  'Object.entries of a proxy': (ask) =>
    Object.entries(new Proxy({ a: 1, b: 2 }, { get: (_, key) => ask(key) })),
  'Object.defineProperty with a descriptor of getters': (ask) =>
    Object.defineProperty({}, 'y', {
      get value() {
        return ask(1) as unknown;
      },
      get enumerable() {
        return Boolean(ask(2));
      },
    }),
  'Intl options': (ask) =>
    new Intl.NumberFormat('en', {
      get minimumFractionDigits() {
        return ask(1) as number;
      },
    }).format(1.5),
  'Date from an object': (ask) => new Date({ valueOf: () => ask(1000) } as never).getTime(),
  'String.raw and String.fromCharCode': (ask) => [
    String.raw(
      {
        raw: new Proxy(['a', 'b'], {
          get: (target, key) => (key === 'length' ? ask(1) : Reflect.get(target, key)) as unknown,
        }),
      },
      1,
    ),
    String.fromCharCode({ valueOf: () => ask(33) } as never),
  ],
  'structuredClone with a getter': (ask) => structuredClone({ a: get(() => ask(1)), b: 2 }),
  'vm context': (ask) => vm.runInNewContext('[1, 2].map((x) => ask(x)).join()', { ask }),
  'vm function called from outside': (ask) =>
    (vm.runInNewContext('(ask) => ask(1)') as BuiltIn)(ask),
  'EventEmitter.emit': (ask) => {
    const emitter = new EventEmitter();
    const seen: unknown[] = [];
    emitter.on('x', (value) => seen.push(ask(value)));
    emitter.on('x', (value) => seen.push(ask(value + 1)));
    emitter.emit('x', 1);
    return seen;
  },
  'util.inspect': (ask) => inspect({ [inspect.custom]: () => ask('inspected') }),
  'Error with a cause that is a getter': (ask) =>
    new Error('m', {
      get cause() {
        return ask('cause') as unknown;
      },
    }).cause,
  'switch, label, comma, optional chain': (ask) => {
    outer: for (;;) {
      switch (ask(1)) {
        case ask(1):
          break outer;
      }
    }
    return (ask(0), (ask as BuiltIn | undefined)?.(ask('x')));
  },
  'finally over return': (ask) => {
    try {
      return ask('lost') as unknown;
    } finally {
      ask('finally');
    }
  },
};

// What `--jitless` takes away.
if ('WebAssembly' in globalThis) {
  const { Instance, Module } = (globalThis as any).WebAssembly;
  builtIns['WebAssembly import'] = (ask) =>
    new Instance(new Module(wasm), { '': { f: ask } }).exports.g(20) as unknown;
}
// What only newer versions have.
if ('groupBy' in Object) {
  const { groupBy } = Object as unknown as { groupBy: (items: unknown[], key: unknown) => unknown };
  builtIns['Object.groupBy'] = (ask) => ({
    ...(groupBy([1, 2, 3], (x: number) => ask(x) > 2) as object),
  });
}
if ('Iterator' in globalThis) {
  builtIns['iterator helpers'] = (ask) => (count(ask) as any).map(ask).toArray() as unknown;
}
if ('union' in Set.prototype) {
  builtIns['Set.prototype.union'] = (ask) => {
    const other = { size: 1, has: () => ask(1), keys: () => count(ask) };
    return [...(new Set([9]) as unknown as { union: (x: unknown) => Set<unknown> }).union(other)];
  };
}
