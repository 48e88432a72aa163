// The pictures of the page in docs/pictures, from the demo itself: the sandbox and the daemon, seen in Debian's Chromium.
// Needs `chromium`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const PORT = 4680;
const URL = `http://127.0.0.1:${PORT + 1}`;
/** The demo has rotated well before. */
const LIMIT_MS = 120_000;

const PICTURES = [
  { name: 'page', path: '/', colorScheme: 'light', locale: 'en-GB', height: 470 },
  { name: 'page-target', path: '/targets/shop-demo', colorScheme: 'dark', locale: 'en-GB', height: 1500 },
] as const;

const demo = spawn(process.execPath, ['src/main.ts', 'sandbox', '--demo', '--port', String(PORT)], { stdio: 'ignore' });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
});
try {
  await rotated();
  for (const { name, path, colorScheme, locale, height } of PICTURES) {
    const viewport = { width: 1240, height };
    const context = await browser.newContext({ viewport, colorScheme, locale, timezoneId: 'UTC' });
    const page = await context.newPage();
    await page.goto(`${URL}${path}`);
    await page.locator(path === '/' ? 'tbody tr' : '.timeline').waitFor();
    await page.screenshot({ path: `docs/pictures/${name}.png` });
    await context.close();
  }
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await once(demo, 'exit');
}

/** Waits for the demo's rotation. */
async function rotated(): Promise<void> {
  for (const until = Date.now() + LIMIT_MS; Date.now() < until; await wait(500)) {
    const answer = await fetch(`${URL}/api/v1/rotations`).catch(() => undefined);
    const { rotations = [] } = ((await answer?.json().catch(() => undefined)) ?? {}) as { rotations?: object[] };
    if (rotations.some((rotation) => 'outcome' in rotation && rotation.outcome === 'succeeded')) return;
  }
  throw new Error('the demo did not rotate');
}
