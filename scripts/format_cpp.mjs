// Formats our C++ with clang-format; with --check it only tells which files would change.
import { cppFiles } from './lib/cpp_sources.mjs';
import { tool } from './lib/paths.mjs';
import { run } from './lib/run.mjs';

const mode = process.argv.includes('--check') ? ['--dry-run', '-Werror'] : ['-i'];
const files = cppFiles();
if (files.length > 0) run(tool('clang-format'), [...mode, ...files]);
