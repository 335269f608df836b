import { describe, expect, test } from 'vitest';
import { capturedDrivers } from '../fixtures/drivers.ts';
import { type Captured, fixtures } from '../fixtures/load.ts';
import { type Server, truthOf } from '../fixtures/scenarios/scenario.ts';
import { UNTRANSLATED } from '../fixtures/scenarios/untranslated.ts';

const serverOf = ({ engine, version }: Captured): Server => ({
  engine,
  version,
  major: Number.parseInt(version, 10),
});

describe.each([...(await capturedDrivers())])('captured errors of %s', (driver, { scenarios }) => {
  const captured = fixtures(driver);
  const folders = new Set(captured.map(({ name }) => name.slice(0, name.indexOf('/'))));

  test('say what their scenario says', () => {
    for (const { name, about, violation, captured: from } of captured) {
      const scenario = scenarios.find((candidate) => name.endsWith(`/${candidate.name}`));
      expect(scenario, name).toBeDefined();
      if (!scenario) continue;
      expect(about, name).toBe(scenario.about);
      expect(violation, name).toEqual(truthOf(scenario, serverOf(from)));
    }
  });

  test('exist for every scenario that the server has, in each language that it speaks', () => {
    for (const folder of folders) {
      const recorded = captured.filter(({ name }) => name.startsWith(`${folder}/`));
      const from = recorded[0]?.captured;
      if (!from) continue;
      const names = new Set(recorded.map(({ name }) => name.slice(folder.length + 1)));
      for (const scenario of scenarios) {
        if (scenario.on && !scenario.on(serverOf(from))) continue;
        if (from.locale !== 'en' && (scenario.untranslated || isInEnglish(folder, scenario.name))) continue;
        expect(names, `${folder}/${scenario.name}`).toContain(scenario.name);
      }
    }
  });

  test('in another language are not in English', () => {
    const messages = new Map(captured.map(({ name, error }) => [name, error.message]));
    for (const { name, captured: from, error } of captured) {
      if (from.locale === 'en') continue;
      expect(error.message, name).not.toBe(messages.get(name.replace(`-${from.locale}/`, '/')));
    }
  });

  function isInEnglish(folder: string, scenario: string): boolean {
    const english = captured.find(({ name }) => name === `${folder.replace(/-..$/, '')}/${scenario}`)?.error;
    const { errno, code } = { ...english } as { errno?: number; code?: string };
    return UNTRANSLATED[folder]?.includes(String(errno ?? code)) ?? false;
  }
});
