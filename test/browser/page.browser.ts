import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { executable, startBrowser } from './chromium.ts';
import { type Demo, startDemo } from './demo.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1440, height: 900 };

/** What nobody but the server should read, by the engine: the driver's text about the duplicate. */
const LEAKS: Readonly<Record<string, RegExp>> = {
  sqlite: /UNIQUE constraint failed: demo_users\.email/,
  postgresql: /unique constraint \\"demo_users_email_key\\"/,
  mysql: /Duplicate entry 'ada\.\w+@example\.com' for key/,
  mariadb: /Duplicate entry 'ada\.\w+@example\.com' for key/,
};

const title = executable === undefined ? 'the page (Chromium is missing: apt-get install chromium)' : 'the page';

describe.skipIf(executable === undefined)(title, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  describe.each(inject('databases').map(({ server, url }) => ({ engine: server.engine, url })))(
    'on $engine',
    ({ engine, url }) => {
      let demo: Demo;
      let page: Page;
      let opened: Opened;
      beforeAll(async () => {
        demo = await startDemo(url);
      });
      afterAll(() => demo?.close());
      beforeEach(async ({ task }) => {
        task.meta.engine = engine;
        opened = await open(browser, demo.origin);
        page = opened.page;
      });
      afterEach(async () => {
        await page.context().close();
        expect(opened.complaints).toEqual([]);
      });

      test('puts the message of a duplicate under its field', async () => {
        const email = page.getByLabel('E-mail');
        await page.getByRole('button', { name: 'Sign up' }).click();
        await page.getByText('Welcome, Ada.').waitFor();
        expect(await email.getAttribute('aria-invalid')).toBe(null);
        await page.getByRole('button', { name: 'Sign up' }).click();
        await page.getByRole('alert').getByText('A user with this email address already exists.').waitFor();

        expect(await email.getAttribute('aria-invalid')).toBe('true');
        const described = await email.getAttribute('aria-describedby');
        expect(await page.locator(`#${described}`).textContent()).toBe(
          'A user with this email address already exists.',
        );
        expect(await email.evaluate((input) => input === document.activeElement)).toBe(true);
        expect(await answer(page, 'sign-up', 'with')).toMatch(/409 Conflict[\s\S]*"code": "duplicate"/);
        await page.locator('#sign-up-without .status').waitFor();
        expect(await answer(page, 'sign-up', 'without')).toMatch(LEAKS[engine] as RegExp);
        expect(await answer(page, 'sign-up', 'with')).not.toMatch(/demo_users|constraint/i);

        await email.fill(`free.${Date.now()}@example.com`);
        await page.getByRole('button', { name: 'Sign up' }).click();
        await page.getByText('Welcome, Ada.').waitFor();
        expect(await email.getAttribute('aria-invalid')).toBe(null);
      });

      test('opens the type of a problem', async () => {
        await page.getByRole('button', { name: 'Sign up' }).dblclick();
        await page.getByRole('link', { name: '"/problems/duplicate"' }).click();
        expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Duplicate value');
      });

      test('merges the changes of two people', async () => {
        await page.getByRole('button', { name: 'Save Ada’s list' }).click();
        await page.getByText('Saved as version 2.').waitFor();
        await page.getByRole('button', { name: 'Save Ben’s list' }).click();
        await page.getByRole('heading', { name: 'Merge' }).waitFor();
        expect(await answer(page, 'documents', 'with')).toMatch(/412[\s\S]*etag: "2"[\s\S]*"version_mismatch"/);
        expect(await page.getByLabel('Both').inputValue()).toBe('Oat milk\nBread\nGreen tea');
        expect(await page.getByLabel('Both').evaluate((input) => input === document.activeElement)).toBe(true);
        await page.getByText('Ada’s change is gone').waitFor();
        expect(await answer(page, 'documents', 'without')).toMatch(/200[\s\S]*Milk\\nBread\\nGreen tea/);

        await page.getByRole('button', { name: 'Save the merged list' }).click();
        await page.getByText('Saved as version 3.').waitFor();
        expect(await page.getByRole('heading', { name: 'Merge' }).isVisible()).toBe(false);
        expect(await answer(page, 'documents', 'with')).toMatch(/200[\s\S]*Oat milk\\nBread\\nGreen tea/);
      });

      test('leaves a line that both changed to a person', async () => {
        await page.getByLabel('Ben’s list', { exact: true }).fill('Soy milk\nBread\nTea');
        await page.getByRole('button', { name: 'Save Ada’s list' }).click();
        await page.getByText('Saved as version 2.').waitFor();
        await page.getByRole('button', { name: 'Save Ben’s list' }).click();
        await page.getByText('Both changed the same line.').waitFor();
        expect(await page.getByLabel('Both').inputValue()).toBe('Oat milk\nSoy milk\nBread\nTea');
      });

      test('says what is possible after an order was shipped', async () => {
        await page.getByRole('button', { name: 'Ship' }).click();
        await page.getByText('The order is shipped.').waitFor();
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.getByText('Cannot cancel: the order is shipped. Possible: return.').waitFor();
        expect(await page.locator('#order-track [aria-current=step]').textContent()).toBe('shipped');
        expect(await answer(page, 'orders', 'with')).toMatch(
          /409[\s\S]*"invalid_state"[\s\S]*"current_status": "shipped"/,
        );
        await page.getByText('The order was shipped, and now it says cancelled.').waitFor();
        await page.getByRole('button', { name: 'Return', exact: true }).click();
        await page.getByText('The order is returned.').waitFor();
      });

      test('marks the days of a booking that overlaps', async () => {
        await page.getByRole('button', { name: 'Book' }).click();
        await page.getByRole('alert').getByText('The room is already booked in these nights.').waitFor();
        expect(await page.getByLabel('Arrival').getAttribute('aria-invalid')).toBe('true');
        expect(await page.getByLabel('Departure').getAttribute('aria-invalid')).toBe('true');
        expect(await answer(page, 'bookings', 'with')).toMatch(/409[\s\S]*"overlap"/);
        await page.locator('#bookings-without .status').waitFor();
        expect(await answer(page, 'bookings', 'without')).toMatch(/500[\s\S]*demo_bookings_overlap/);

        await page.getByLabel('Arrival').fill('2027-03-09');
        await page.getByLabel('Departure').fill('2027-03-08');
        await page.getByRole('button', { name: 'Book' }).click();
        await page.getByRole('alert').getByText('The day of departure must be after the day of arrival.').waitFor();
        expect(await page.getByLabel('Arrival').getAttribute('aria-invalid')).toBe(null);

        await page.getByLabel('Departure').fill('2027-03-11');
        await page.getByRole('button', { name: 'Book' }).click();
        await page.getByText('Room 101 is yours').waitFor();
        await page.getByText('9 March: taken').waitFor({ state: 'attached' });
        await page.getByText('11 March: free').waitFor({ state: 'attached' });
      });

      test('keeps a customer who has orders', async () => {
        await page.getByRole('button', { name: 'Delete Acme' }).click();
        await page.getByText('Acme stays.').waitFor();
        expect(await answer(page, 'customers', 'with')).toMatch(/409[\s\S]*"reference_in_use"/);
        await page.locator('#customers-without .status').waitFor();
        expect(await answer(page, 'customers', 'without')).toMatch(/500[\s\S]*foreign key/i);
        await page.getByRole('button', { name: 'Add one without orders' }).click();
        await page.getByText('was added').waitFor();
        await page.getByRole('button', { name: 'Delete Nobody Inc.' }).last().click();
        await page.getByText('Nobody Inc. is deleted.').waitFor();
      });

      test('charges a double click once', async () => {
        await page.getByRole('button', { name: 'Pay €49' }).dblclick();
        // The other pane may say so too, for a moment.
        const paid = page.locator('#payments-status').getByText('2 clicks, charged once.');
        await paid.waitFor();
        await page.getByText('2 clicks, charged 2 times.').waitFor();
        expect(await answer(page, 'payments', 'with')).toMatch(/201[\s\S]*idempotency-replayed: true/);

        await page.getByRole('button', { name: 'Another payment' }).click();
        await paid.waitFor({ state: 'hidden' });
        await page.getByRole('button', { name: 'Pay €49' }).click();
        await page.getByText('1 click, charged once.').first().waitFor();
      });

      test('shows the code of the engine', async () => {
        await page.locator('#bookings summary').click();
        const code = await page.locator('#bookings .code').textContent();
        expect(code).toContain('demo_bookings_overlap: {');
        expect(code).toMatch(
          { sqlite: /CREATE TRIGGER/, postgresql: /EXCLUDE USING gist/ }[engine as string] ??
            /UNIQUE \(room_id, night\)/,
        );
      });
    },
  );

  describe('in itself', () => {
    let demo: Demo;
    beforeAll(async () => {
      demo = await startDemo();
    });
    afterAll(() => demo?.close());

    test('can be used without a mouse', async () => {
      const { page, complaints } = await open(browser, demo.origin);
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('Skip to the first conflict');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Name');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByText('Welcome, Ada.').waitFor();
      await tabTo(page, 'Sign up');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('already exists').waitFor();
      expect(await focused(page)).toBe('E-mail');

      await tabTo(page, 'Save Ada’s list');
      await page.keyboard.press('Space');
      await page.getByText('Saved as version 2.').waitFor();
      await tabTo(page, 'Save Ben’s list');
      await page.keyboard.press('Space');
      await page.getByRole('heading', { name: 'Merge' }).waitFor();
      expect(await focused(page)).toBe('Both');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByText('Saved as version 3.').waitFor();
      expect(await focused(page)).toBe('Start again');

      await tabTo(page, 'Ship');
      await page.keyboard.press('Enter');
      await page.getByText('The order is shipped.').waitFor();
      await tabTo(page, 'Cancel');
      await page.keyboard.press('Enter');
      await page.getByText('Cannot cancel: the order is shipped.').waitFor();

      await tabTo(page, 'Book');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('The room is already booked in these nights.').waitFor();
      expect(await focused(page)).toBe('Arrival');
      await page.keyboard.type('03092027');
      await tabTo(page, 'Departure');
      await page.keyboard.type('03112027');
      await page.keyboard.press('Enter');
      await page.getByText('Room 101 is yours from 2027-03-09 to 2027-03-11.').waitFor();

      await tabTo(page, 'Delete Acme');
      await page.keyboard.press('Enter');
      await page.getByText('Acme stays. The customer still has orders.').waitFor();
      await tabTo(page, 'Add one without orders');
      await page.keyboard.press('Enter');
      await page.getByText('was added').waitFor();

      await tabTo(page, 'Pay €49');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await page.locator('#payments-status').getByText('2 clicks, charged once.').waitFor();
      await tabTo(page, 'The code that did it');
      await page.keyboard.press('Enter');
      expect(await page.locator('#payments details').getAttribute('open')).toBe('');
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test.each([
      ['a phone in the light', PHONE, 'light'],
      ['a phone in the dark', PHONE, 'dark'],
      ['a desktop in the light', DESKTOP, 'light'],
      ['a desktop in the dark', DESKTOP, 'dark'],
    ] as const)('gives axe nothing to complain about on %s', async (name, viewport, colorScheme) => {
      const { page } = await open(browser, demo.origin, { viewport, colorScheme });
      expect(await violationsOf(page)).toEqual([]);
      await provokeAll(page);
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await violationsOf(page)).toEqual([]);
      if (process.env.SCREENSHOTS) {
        const path = join(process.env.SCREENSHOTS, `${name.replaceAll(' ', '-')}.png`);
        await page.screenshot({ path, fullPage: true });
      }
      for (const path of ['/problems/', '/problems/busy', '/docs/status-codes', '/docs/troubleshooting']) {
        await page.goto(demo.origin + path);
        expect(await violationsOf(page), path).toEqual([]);
      }
      await page.context().close();
    });

    test.each([320, 390, 600, 768, 1024, 1280, 1920])('fits a width of %d pixels', async (width) => {
      const { page } = await open(browser, demo.origin, { viewport: { width, height: 800 } });
      await provokeAll(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.context().close();
    });

    test('shows markup as text', async () => {
      const { page, complaints } = await open(browser, demo.origin);
      const hostile = '<img src=x onerror="document.title=\'s3cret\'"></script><script>alert(1)</script>';
      await page.getByLabel('Name').fill(hostile);
      await page.getByRole('button', { name: 'Sign up' }).click();
      await page.getByText('Welcome, <img').waitFor();
      expect(await answer(page, 'sign-up', 'with')).toContain('<img src=x onerror=');
      await page.evaluate(
        (name) =>
          fetch('/customers', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ name }),
          }),
        hostile,
      );
      await page.getByRole('button', { name: 'Add one without orders' }).click();
      await page.getByText('<img src=x').last().waitFor();
      expect(await page.locator('main img, main script').count()).toBe(0);
      expect(await page.title()).toBe('db-http-errors: provoke a conflict');
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    test('runs and loads nothing from elsewhere', async () => {
      const { page } = await open(browser, demo.origin);
      const response = await page.goto(demo.origin);
      const policy = response?.headers()['content-security-policy'] ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toContain('unsafe');
      const refused = await page.evaluate(async () => {
        const script = document.createElement('script');
        try {
          script.text = 'document.title = "s3cret"';
          document.body.append(script);
        } catch {}
        return document.title;
      });
      expect(refused).not.toContain('s3cret');
      const resources = await page.evaluate(() =>
        performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin),
      );
      expect(new Set(resources)).toEqual(new Set([demo.origin]));
      await page.context().close();
    });

    test('opens the document of every problem type', async () => {
      const { page } = await open(browser, demo.origin);
      const names = readdirSync(join(ROOT, 'docs/problems')).map((name) => name.replace(/\.md$/, ''));
      await page.goto(`${demo.origin}/problems/`);
      const links = await page.locator('main a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      expect(links.sort()).toEqual(names.map((name) => `/problems/${name}`).sort());
      const broken: string[] = [];
      const pages = [...links, '/docs/', '/docs/status-codes', '/docs/troubleshooting'];
      for (const link of pages) {
        const response = await page.goto(demo.origin + link);
        if (response?.status() !== 200) broken.push(String(link));
        const inner = await page
          .locator('a[href^="/"]')
          .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
        for (const href of new Set(inner)) {
          if ((await page.request.get(href, { headers: { accept: 'text/html' } })).status() !== 200) broken.push(href);
        }
      }
      expect(broken).toEqual([]);
      await page.context().close();
    });

    test('leaves the index of the API to who wants JSON', async () => {
      const json = await fetch(demo.origin, { headers: { accept: 'application/json' } });
      expect(await json.json()).toHaveProperty('routes');
      const html = await fetch(demo.origin, { headers: { accept: 'text/html,*/*;q=0.8' } });
      expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const head = await fetch(`${demo.origin}/web/page.js`, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      for (const path of ['/web/serve.ts', '/web/../service.ts', '/web/%2e%2e/service.ts', '/docs/../package.json']) {
        expect((await fetch(demo.origin + path)).status, path).toBe(404);
      }
    });
  });
});

interface Opened {
  readonly page: Page;
  /** What the page printed or threw, but for the failed requests that it is made for. */
  readonly complaints: string[];
}

async function open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  await page.goto(origin);
  await page.locator('html[data-ready]').waitFor();
  return { page, complaints };
}

function answer(page: Page, section: string, side: 'with' | 'without'): Promise<string> {
  return page.locator(`#${section}-${side}`).evaluate((panel) => {
    const headers = Array.from(panel.querySelectorAll('dl > div'), (row) =>
      Array.from(row.children, (cell) => cell.textContent).join(': '),
    );
    return [panel.querySelector('.line')?.textContent, ...headers, panel.querySelector('pre')?.textContent].join('\n');
  });
}

/** Every conflict of the page, one after the other. */
async function provokeAll(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByText('Welcome, Ada.').waitFor();
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('button', { name: 'Save Ada’s list' }).click();
  await page.getByText('Saved as version 2.').waitFor();
  await page.getByRole('button', { name: 'Save Ben’s list' }).click();
  await page.getByRole('button', { name: 'Ship' }).click();
  await page.getByText('The order is shipped.').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Book' }).click();
  await page.getByRole('button', { name: 'Delete Acme' }).click();
  await page.getByRole('button', { name: 'Pay €49' }).dblclick();
  for (const panel of await page.locator('.answer').all()) await panel.locator('.status').waitFor();
}

/** The rules of axe that the page breaks, and where. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: Axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/** The name of the element that has the focus, as a screen reader would say it. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement;
    return element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent ?? '';
  });
}

async function tabTo(page: Page, name: string): Promise<void> {
  // A field of a date has several stops.
  for (let step = 0; step < 80; step += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Expected Tab to reach "${name}"`);
}
