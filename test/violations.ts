import { fixtures } from '../fixtures/load.ts';

/** A captured error by driver, folder and name; a new object each time. */
export function captured(path: string): Error {
  const [driver = '', ...name] = path.split('/');
  const fixture = fixtures(driver).find((candidate) => candidate.name === name.join('/'));
  if (fixture === undefined) throw new Error(`Expected a fixture ${path}`);
  return fixture.error;
}
