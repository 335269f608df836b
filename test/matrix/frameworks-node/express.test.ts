import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'express-4',
  packageName: 'express4',
  server: new URL('express-4.server.ts', import.meta.url),
});

describeFramework({
  title: 'express-5',
  packageName: 'express',
  server: new URL('express-5.server.ts', import.meta.url),
});
