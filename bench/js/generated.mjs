// Tables that scripts write into Markdown files, between <!-- generated: NAME --> and
// <!-- end of NAME -->. Files are formatted as `npm run format` would.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';
import { inRoot } from '../../scripts/lib/paths.mjs';

export async function writeFormatted(file, text) {
  const filepath = inRoot(file);
  const options = await prettier.resolveConfig(filepath);
  mkdirSync(path.dirname(filepath), { recursive: true });
  writeFileSync(filepath, await prettier.format(text, { ...options, filepath }));
}

// `parts`: { NAME: text }. Every part must have its place in the file.
export async function replaceGenerated(file, parts) {
  let text = readFileSync(inRoot(file), 'utf8');
  for (const [name, content] of Object.entries(parts)) {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end of ${name} -->`];
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`${file} has no place for ${name}`);
    text = `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
  }
  await writeFormatted(file, text);
}
