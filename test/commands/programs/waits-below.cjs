const { wait } = require('greenfiber');

exports.soon = wait(new Promise((resolve) => setTimeout(resolve, 5, 'waited for')));
