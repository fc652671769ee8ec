module.exports = require('greenfiber/future');
