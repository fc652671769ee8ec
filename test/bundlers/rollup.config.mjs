import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: 'app.mjs',
  plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), json()],
  output: [
    { file: 'out/rollup.mjs', format: 'es' },
    { file: 'out/rollup.cjs', format: 'cjs' },
  ],
};
