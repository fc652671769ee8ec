// Long results in one line.
'use strict';

const { createHash } = require('node:crypto');

exports.digest = (value) =>
  createHash('sha256')
    .update(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value))
    .digest('hex');
