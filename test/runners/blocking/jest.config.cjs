module.exports = {
  testMatch: ['<rootDir>/*.test.cjs'],
  setupFilesAfterEnv: ['greenfiber/test/globals'],
};
