export { conflicts } from '../../frameworks-node/readme/conflicts.ts';
