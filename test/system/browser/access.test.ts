// Over a network the browser's own prompt opens the page, at whichever address somebody comes to first.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { READ_TOKEN, startHttpRig, TOKEN } from '../../http/rig.ts';
import { startBrowser } from './browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

test.each(['/', '/targets/shop', '/history'])(
  'the password of the prompt opens %s whole, and is kept nowhere',
  async (path) => {
    const rig = await startHttpRig({ host: '0.0.0.0', tokens: { token: TOKEN, readToken: READ_TOKEN } });
    const context = await browser.newContext({ httpCredentials: { username: 'anybody', password: READ_TOKEN } });
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${rig.port}${path}`);
    await page.locator('.verdict h1').waitFor();
    await page
      .locator(path === '/' ? 'tbody tr' : path === '/history' ? '#history' : '#decision')
      .first()
      .waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    expect(
      await page.evaluate(() => [location.href, JSON.stringify(localStorage), document.cookie].join()),
    ).not.toContain(READ_TOKEN);
    await context.close();
  },
);
