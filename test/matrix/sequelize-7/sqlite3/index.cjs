module.exports = require('../../../../fixtures/sqlite3/node_modules/sqlite3');
