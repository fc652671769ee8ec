module.exports = {
  testMatch: ['<rootDir>/**/*.test.cjs'],
  setupFiles: ['<rootDir>/setup/jest.cjs'],
  testTimeout: 20_000,
};
