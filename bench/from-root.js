import { createRequire } from 'node:module';

/** Loads what the package above has installed: the drivers and http-errors as the library itself gets them. */
export const fromRoot = createRequire(new URL('../package.json', import.meta.url));

/** A file of the package above. */
export function rootUrl(path) {
  return new URL(`../${path}`, import.meta.url);
}
