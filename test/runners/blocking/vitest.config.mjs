export default {
  test: {
    include: ['*.test.cjs'],
    globals: true,
    setupFiles: ['./no-callbacks.mjs', 'greenfiber/test/globals'],
  },
};
