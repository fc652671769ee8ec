// The faces for `import` are made by scripts/lib/esm_faces.mjs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { ROOT } from '../helpers/root';

const { exports: ENTRIES } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, { import?: { types: string } }>;
};

// Those that act when they are loaded export nothing, or what others do.
const acts = ['./fibers/register', './run', './test/globals'];
const entries = Object.keys(ENTRIES).filter((entry) => ENTRIES[entry]?.import);
const loaded = entries.filter((entry) => !acts.includes(entry));

for (const entry of loaded) {
  const name = `greenfiber${entry.slice(1)}`;
  test(`import and require of ${name} get the same values under the same names`, async (t) => {
    const required = require(name) as Record<string, unknown>;
    const imported = (await import(name)) as Record<string, unknown>;
    const names = Object.keys(imported).filter((key) => !/^default$|^module\.exports$/.test(key));
    for (const key of names) t.is(imported[key], required[key], key);
    if (names.length === 0) t.is(imported['default'], required); // the module is what it exports
    t.true(typeof required === 'function' || names.length > 0);
  });
}

test('the face for import declares every name that require declares, types too', (t) => {
  const face = readFileSync(join(ROOT, ENTRIES['.']?.import?.types ?? ''), 'utf8');
  const declared = readFileSync(join(ROOT, 'dist/index.d.ts'), 'utf8');
  const names = [...declared.matchAll(/^export \{ (.*) \} from/gm)]
    .flatMap(([, list]) => (list ?? '').split(','))
    .map((name) => name.trim())
    .filter(Boolean);
  t.true(names.includes('spawn') && names.includes('type SpawnOptions'));
  for (const name of names) t.true(face.includes(`  ${name},\n`), name);
});
