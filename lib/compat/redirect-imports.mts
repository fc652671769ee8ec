// Runs in the thread of Node's module hooks: the half of lib/compat/redirect.ts that `import` asks, where Node has no
// hooks in the program's own thread.
let urls: ReadonlyMap<string, string> = new Map();

export function initialize(given: ReadonlyMap<string, string>): void {
  urls = given;
}

export function resolve(
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => unknown,
): unknown {
  const url = urls.get(specifier);
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}
