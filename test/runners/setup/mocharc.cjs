module.exports = { ui: 'tdd', timeout: 20_000, require: './setup/main-realm.cjs' };
