// What bundlers make one file of.
import { defineConflicts } from 'db-http-errors';
import { parseConflict } from 'db-http-errors/client';

const error = Object.assign(new Error('UNIQUE constraint failed: users.email'), { code: 'SQLITE_CONSTRAINT_UNIQUE' });
const conflicts = defineConflicts({ rules: { 'users(email)': { resource: 'user', fields: ['email'] } } });
const response = conflicts.translate(error).getResponse();
const conflict = await parseConflict(response);
console.log(JSON.stringify([response.status, conflict?.code, conflict?.resource]));
