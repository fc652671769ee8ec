import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../helpers/root';

export { ROOT };

/** A fenced block of code in one of our documents. */
export interface Snippet {
  /** Such as `README.md:20`. */
  where: string;
  language: string;
  /** What follows the language in the opening line. */
  flags: string;
  code: string;
  /** The `text` fence that follows at once: what the code prints. */
  output: string | undefined;
}

/** Every document whose snippets are promises: the README, ARCHITECTURE.md and docs/ with its guides and internals. */
export const documents: readonly string[] = [
  'README.md',
  'ARCHITECTURE.md',
  'load/README.md',
  ...['docs', 'docs/guides', 'docs/internals'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

const read = (document: string): string => readFileSync(join(ROOT, document), 'utf8');

export function snippetsOf(document: string): Snippet[] {
  const text = read(document);
  const fences = [...text.matchAll(/^```(\w*) ?(.*)\n([^]*?)^```$/gm)];
  return fences.map((fence, i) => {
    const [all, language = '', flags = '', code = ''] = fence;
    const line = text.slice(0, fence.index).split('\n').length;
    const next = fences[i + 1];
    const between = next && text.slice(fence.index + all.length, next.index);
    const output = next?.[1] === 'text' && between?.trim() === '' ? next[3] : undefined;
    return { where: `${document}:${String(line)}`, language, flags, code, output };
  });
}

/** Targets of Markdown links that lie in this repository, without their anchors. */
export function localLinks(document: string): string[] {
  const prose = read(document).replace(/^```[^]*?^```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*/, ''))
    .filter((target) => target !== '' && !/^https?:/.test(target));
}

/** The same code for `require`, line by line. */
export function asCommonJs(code: string): string {
  return code.replace(
    /^import (\{[^}]*\}|\w+) from ('[^']+');$/gm,
    (_, names: string, from: string) => `const ${names.replace(/ as /g, ': ')} = require(${from});`,
  );
}
