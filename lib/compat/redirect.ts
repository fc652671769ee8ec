import Module from 'node:module';
import { pathToFileURL } from 'node:url';

type Resolve = (
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => unknown,
) => unknown;

/** What Node has, as far as its types do not tell. */
interface Loader {
  /** From Node 22.15 on: `require` and `import`, in this thread. */
  registerHooks?: (hooks: { resolve: Resolve }) => void;
  /** What `require` finds a file with. */
  _resolveFilename: (request: string, ...rest: unknown[]) => string;
}

/** From now on each of these specifiers means the file, in `require` and `import`. */
export function redirect(files: ReadonlyMap<string, string>): void {
  const loader = Module as unknown as Loader;
  const urls = new Map(
    Array.from(files, ([specifier, file]) => [specifier, pathToFileURL(file).href]),
  );
  if (loader.registerHooks !== undefined) {
    loader.registerHooks({
      resolve: (specifier, context, next) => {
        const url = urls.get(specifier);
        return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
      },
    });
    return;
  }
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (request, ...rest) =>
    files.get(request) ?? resolve.call(Module, request, ...rest);
  Module.register('./redirect-imports.mjs', {
    parentURL: pathToFileURL(__filename).href,
    data: urls,
  });
}
