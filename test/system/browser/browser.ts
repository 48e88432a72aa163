// Debian's Chromium, and what every page in it is held to: no error on its console, no request to another host.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';

const PROGRAM = '/usr/bin/chromium';
/** Where the pictures of a run are left, to be looked at. */
const DATA = join(import.meta.dirname, '../../../data');
const PICTURES = join(DATA, 'page-pictures');
const HOME = join(DATA, 'browser');

export async function startBrowser(): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing; install it: apt-get install chromium`);
  mkdirSync(PICTURES, { recursive: true });
  mkdirSync(HOME, { recursive: true });
  const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  // Its profile and caches too: what a browser that ends slowly leaves there is not left by a test.
  vi.stubEnv('TMPDIR', HOME);
  vi.stubEnv('HOME', HOME);
  try {
    return await chromium.launch({ executablePath: PROGRAM, args: [...args, '--no-sandbox', '--disable-sync'] });
  } finally {
    vi.unstubAllEnvs();
  }
}

export interface Look {
  readonly language?: 'en' | 'zh';
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
}

/** A page of its own, and what it did that it must not do. */
export async function openPage(
  browser: Browser,
  url: string,
  { language = 'en', scheme = 'light', width = 1440 }: Look = {},
) {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
  });
  await context.addInitScript({ content: axe.source });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`thrown: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host) wrong.push(`asked ${request.url()}`);
  });
  return {
    page,
    /** What went wrong so far, but for what `expected` fits. */
    mustBeClean(expected = /^$/) {
      expect(wrong.filter((each) => !expected.test(each))).toEqual([]);
    },
    close: () => context.close(),
  };
}

/** Nothing is cut off at the right, at any width. */
export async function mustFit(page: Page): Promise<void> {
  const [needed, there] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  expect(needed).toBeLessThanOrEqual(there ?? 0);
}

export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
