import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'h3-1',
  packageName: 'h3-1',
  lost: ['refused'], // Drizzle's error around a refused connection arrives as the latter alone
  server: new URL('h3-1.server.ts', import.meta.url),
});
