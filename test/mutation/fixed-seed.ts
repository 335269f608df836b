import fc from 'fast-check';

// A mutant that is killed today is killed tomorrow.
fc.configureGlobal({ seed: 20261122 });
