import Fiber = require('greenfiber/fibers');
export = Fiber;
