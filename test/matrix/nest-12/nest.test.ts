import { describeFramework } from '../frameworks.ts';
import { describeWays } from '../nest-11/ways.ts';

for (const platform of ['express', 'fastify']) {
  describeFramework({
    title: `nest-12-${platform}`,
    packageName: '@nestjs/core',
    server: new URL(`${platform}.server.ts`, import.meta.url),
  });

  describeWays(`Nest 12 on ${platform}`, new URL(`${platform}-ways.server.ts`, import.meta.url));
}
