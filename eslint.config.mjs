import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const nodeGlobals = Object.fromEntries(
  [
    'AbortController',
    'AbortSignal',
    'Buffer',
    'URL',
    '__dirname',
    '__filename',
    'clearImmediate',
    'clearInterval',
    'clearTimeout',
    'console',
    'exports',
    'fetch',
    'gc',
    'globalThis',
    'module',
    'performance',
    'process',
    'queueMicrotask',
    'require',
    'setImmediate',
    'setInterval',
    'setTimeout',
    'structuredClone',
  ].map((name) => [name, 'readonly']),
);

export default tseslint.config(
  {
    ignores: [
      '**/build/',
      'dist/',
      'load/dist/',
      'dist-test/',
      'prebuilds/',
      '.nodes/',
      '.bundlers/',
      '.runners/',
      '.site/',
      '.world/',
    ],
  },
  js.configs.recommended,
  {
    files: ['{lib,test}/**/*.{ts,mts}', 'load/{lib,test}/**/*.{ts,mts}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    files: ['{lib,load/lib}/**/*.{ts,mts}'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // The native functions use no `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Load the addon, which only `require` can, and what few programs need when they need it.
    files: [
      'lib/native/binding.ts',
      'lib/cli.ts',
      'lib/commands/load.ts',
      'lib/base/copies.ts',
      'lib/doctor/examine.ts',
      'lib/inspect/reports.ts',
      'load/lib/lazy.ts',
      'lib/offload/javascript-pool.ts',
    ],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // Tests do on purpose what the types forbid, and throw what they like.
    files: ['{test,load/test}/**'],
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: { globals: nodeGlobals },
  },
  {
    // Runs in a browser.
    files: ['lib/inspect/page/*.mjs'],
    languageOptions: {
      globals: {
        Blob: 'readonly',
        document: 'readonly',
        navigator: 'readonly',
        window: 'readonly',
      },
    },
  },
  {
    // Under a test runner, with what test/runners/setup adds.
    files: ['test/runners/**'],
    languageOptions: {
      globals: {
        fakeTimers: 'readonly',
        freshModules: 'readonly',
        jest: 'readonly',
        test: 'readonly',
      },
    },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: { sourceType: 'commonjs' },
  },
  {
    // One concept a file. Of C++: scripts/lint_layers.mjs.
    rules: { 'max-lines': ['error', { max: 400 }] },
  },
  prettier,
);
