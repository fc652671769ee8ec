import Future = require('greenfiber/future');
export = Future;
