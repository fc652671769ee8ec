export default {
  test: {
    include: ['**/*.test.cjs'],
    globals: true,
    setupFiles: ['./setup/vitest.mjs'],
    testTimeout: 20_000,
  },
};
