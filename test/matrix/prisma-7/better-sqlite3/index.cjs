// The adapter depends on better-sqlite3, which would be compiled a second time: this is the root's.
module.exports = require('../../../../node_modules/better-sqlite3');
