module.exports = { ui: 'tdd', require: 'greenfiber/test/globals' };
