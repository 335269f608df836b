import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, other distributions and macOS put it. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser of this machine: CHROMIUM, else the first that is found. */
export const executable: string | undefined = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => existsSync(path));

if (executable === undefined && process.env.CI) {
  throw new Error('Expected a Chromium in CI. To have it: apt-get install --no-install-recommends chromium');
}

/** Starts it without a window. */
export function startBrowser(): Promise<Browser> {
  // As root, as in most containers, Chromium has no sandbox. It opens nothing but the demo.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ ...(executable !== undefined && { executablePath: executable }), args });
}
