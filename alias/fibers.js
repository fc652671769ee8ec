module.exports = require('greenfiber/fibers');
