export { type User, users } from '../../frameworks-node/readme/users.ts';
