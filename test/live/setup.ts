import type { TestCase, TestModule, TestProject } from 'vitest/node';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import { type Database, type Databases, ENGINES, startDatabases, wants } from './databases.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the live tests run on. */
    readonly databases: readonly Database[];
  }
  interface TaskMeta {
    /** The database that a live test ran on. */
    engine?: Engine;
  }
}

/** One start and one end for all projects of a run, each of which has this setup. */
interface Run {
  readonly databases: Promise<Databases>;
  projects: number;
}

const RUN: unique symbol = Symbol.for('db-http-errors.databases') as never;
const shared = globalThis as { [RUN]?: Run };

/**
 * Vitest's global setup of the live tests. With CI=true or REQUIRE_DATABASES=1 all four engines must be there. The
 * teardown's lines come after every reporter's: what ran live, and what was missing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared[RUN] ??= { databases: startDatabases(), projects: 0 };
  const run = shared[RUN];
  run.projects++;
  const { found, stop } = await run.databases;
  const missing = engines().filter((engine) => !found.some(({ server }) => server.engine === engine));
  if (missing.length > 0 && isRequired()) {
    await stop();
    throw new Error(`Every database is required here.\n${missing.map(describeMissing).join('\n')}`);
  }
  project.provide('databases', found);
  return async () => {
    if (--run.projects > 0) return;
    const counts = countByEngine(project.vitest.state.getTestModules());
    await stop();
    console.log('\nDatabases');
    for (const { server } of found) {
      const title = `${ENGINES[server.engine].title} ${server.version}`;
      console.log(`  ${title.padEnd(20)} ${counts.get(server.engine) ?? 0} tests run live`);
    }
    for (const engine of missing) console.log(describeMissing(engine));
  };
}

function engines(): Engine[] {
  return (Object.keys(ENGINES) as Engine[]).filter(wants);
}

function isRequired(): boolean {
  return process.env.CI === 'true' || process.env.REQUIRE_DATABASES === '1';
}

function describeMissing(engine: Engine): string {
  const { title, howToGet } = ENGINES[engine];
  return `  ${title.padEnd(20)} missing. To have it: ${howToGet}`;
}

function countByEngine(modules: readonly TestModule[]): Map<Engine, number> {
  const counts = new Map<Engine, number>();
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const engine = ran(test) ? test.meta().engine : undefined;
      if (engine) counts.set(engine, (counts.get(engine) ?? 0) + 1);
    }
  }
  return counts;
}

function ran(test: TestCase): boolean {
  const { state } = test.result();
  return state === 'passed' || state === 'failed';
}
