import { describeFramework } from '../frameworks.ts';
import { describeWays } from './ways.ts';

for (const platform of ['express', 'fastify']) {
  describeFramework({
    title: `nest-11-${platform}`,
    packageName: '@nestjs/core',
    server: new URL(`${platform}.server.ts`, import.meta.url),
  });

  describeWays(`Nest 11 on ${platform}`, new URL(`${platform}-ways.server.ts`, import.meta.url));
}
