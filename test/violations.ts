import { fixture } from '../fixtures/load.ts';

/** A captured error by driver, folder and name; a new object each time. */
export function captured(path: string): Error {
  const [driver = '', ...name] = path.split('/');
  const found = fixture(driver, name.join('/'));
  if (found === undefined) throw new Error(`Expected a fixture ${path}`);
  return found.error;
}
