// The page in a real browser: every pair of view, language, colours, width and state; by keyboard alone; with hostile
// text; and live, until the daemon is killed under it. Pictures of a run are in data/page-pictures.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runbookPath } from '../../../src/core/alerts/runbook-path.ts';
import { SECOND } from '../../../src/core/time.ts';
import { runProgram, startProgram } from '../../support/program.ts';
import { closedPort } from '../../support/servers.ts';
import { type Look, mustFit, openPage, picture, startBrowser } from './browser.ts';
import { good, HOSTILE, STATES, type State, startWorld } from './worlds.ts';

const VIEWS = ['/', '/targets/shop', '/calendar', '/history', '/channels', '/runbook'] as const;
const ROOT = join(import.meta.dirname, '../../..');
/** One a minute. */
const CHANGES_OF_A_DAY = 1_440;
const LANGUAGES = ['en', 'zh'] as const;
const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [360, 800, 1440] as const;

interface Case extends Required<Look> {
  readonly view: (typeof VIEWS)[number];
  readonly state: State;
}

/** Each view in each state once, with languages, colours and widths so that every pair of values comes together. */
const CASES: readonly Case[] = STATES.flatMap((state, row) =>
  VIEWS.map((view, column) => ({
    state,
    view,
    language: LANGUAGES[(row + column) % 2] ?? 'en',
    scheme: SCHEMES[(Math.floor(column / 2) + Math.floor(row / 2)) % 2] ?? 'light',
    width: WIDTHS[(row + column) % 3] ?? 360,
  })),
);

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

test('every pair of view, language, colours, width and state is looked at', () => {
  const all = { view: VIEWS, language: LANGUAGES, scheme: SCHEMES, width: WIDTHS, state: STATES } as const;
  const names = Object.keys(all) as (keyof typeof all)[];
  const missing = names.flatMap((one, index) =>
    names
      .slice(index + 1)
      .flatMap((other) =>
        all[one].flatMap((a) =>
          all[other].flatMap((b) =>
            CASES.some((each) => each[one] === a && each[other] === b) ? [] : [`${one} ${a}, ${other} ${b}`],
          ),
        ),
      ),
  );
  expect(missing).toEqual([]);
});

/** What axe-core finds wrong with what is shown now. */
async function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { violations: found } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ['violations'],
    });
    return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} (${nodes[0]?.failureSummary})`);
  });
}

/** Whether everything of the view is there. */
async function shown(page: Page, { view, state }: Case): Promise<void> {
  if (view === '/runbook') await page.getByRole('heading').first().waitFor();
  else if (state === 'refused') await page.locator('.problem .excerpt .caret').waitFor();
  else {
    await page.locator('.verdict h1').waitFor();
    if (view === '/targets/shop') await page.locator('.timeline').waitFor();
    if (view === '/history') await page.locator('.rotations').waitFor();
  }
}

/** What a browser says of its own of a server that is gone, and of one that answers 503 with what is wrong. */
const EXPECTED: Partial<Record<State, RegExp>> = { killed: /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/, refused: /503/ };

describe.each(STATES)('%s', (state) => {
  test('is shown whole in every view, and nothing of it keeps anybody out', async () => {
    const standing = await startWorld(state);
    const cases = CASES.filter((each) => each.state === state);
    for (const each of cases) {
      // One that is killed under a page is of no use to the next page.
      const world = state === 'killed' ? await startWorld(state) : standing;
      const { page, mustBeClean, close } = await openPage(browser, world.url, each);
      if (state === 'killed') await page.clock.install();
      await page.goto(`${world.url}${each.view === '/runbook' ? runbookPath(each.language) : each.view}`);
      await shown(page, each);
      if (state === 'killed' && each.view !== '/runbook') {
        await world.kill();
        await page.clock.runFor(120 * SECOND);
        await page.locator('.lost').waitFor();
      }
      const name = `${state}${each.view.replaceAll('/', '-')}-${each.language}-${each.scheme}-${each.width}`;
      await mustFit(page);
      expect(await violations(page), name).toEqual([]);
      expect(await page.locator('html').getAttribute('lang')).toBe(each.language === 'en' ? 'en' : 'zh-Hans');
      await picture(page, name);
      mustBeClean(EXPECTED[state]);
      await close();
    }
  }, 240_000);
});

test('the sentence says who is in danger, and each state is a colour, an icon and a word', async () => {
  const world = await startWorld('failing');
  const { page, close } = await openPage(browser, world.url);
  await page.goto(world.url);
  await page.getByText('11 of 12 apps are fine. Logins fail now for shop.').waitFor();
  const state = page.locator('tr', { hasText: 'shop' }).locator('.state').first();
  expect(await state.innerText()).toBe('fails');
  expect(await state.locator('svg').count()).toBe(1);
  expect(await page.locator('.story h3').count()).toBe(1);
  await close();
});

test('logins that fail although the last check ended well are said to fail', async () => {
  const world = await startWorld('well');
  await world.rig?.putTarget('shop', good(-1));
  const { page, close } = await openPage(browser, world.url);
  await page.goto(`${world.url}/targets/shop`);
  await page.getByText(/Checked .* ago: logins fail, as the evidence below shows/).waitFor();
  await close();
});

test('hostile text is shown as text', async () => {
  const world = await startWorld('failing');
  const { page, mustBeClean, close } = await openPage(browser, world.url);
  for (const view of ['/targets/shop', '/history']) {
    await page.goto(`${world.url}${view}`);
    await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    const text = await page.locator('body').innerText();
    expect(text).not.toContain('\u202e');
    expect(text).not.toContain('\u0007');
    expect(text).toContain(HOSTILE.slice(0, 28));
  }
  mustBeClean();
  await close();
});

test('a rotation shows by itself, within two seconds of the look, and the filter stays in the address', async () => {
  const world = await startWorld('failing');
  const { page, close } = await openPage(browser, world.url);
  await page.goto(`${world.url}/?show=failing&q=shop`);
  await page.locator('tbody tr', { hasText: 'shop' }).waitFor();
  expect(await page.locator('tbody tr').count()).toBe(1);
  await world.rig?.putTarget('shop', good(180));
  await world.rig?.clock.advance(2 * SECOND);
  await page.getByText('No target fits this filter.').waitFor();
  await page.getByText('Show all targets').click();
  expect(new URL(page.url()).search).toBe('');
  expect(await page.locator('tbody tr').count()).toBe(12);
  await close();
});

test('where the stream of events is cut off, the page asks every 10 s', async () => {
  const world = await startWorld('failing');
  const { page, close } = await openPage(browser, world.url);
  await page.route('**/overview/events*', (route) => route.abort());
  await page.clock.install();
  await page.goto(world.url);
  await page.getByText('asking every 10 s').waitFor();
  const state = page.locator('tr', { hasText: 'shop' }).locator('.state').first();
  await expect.poll(() => state.innerText()).toBe('fails');
  await world.rig?.putTarget('shop', good(180));
  await page.clock.runFor(11 * SECOND);
  await expect.poll(() => state.innerText()).toBe('works');
  await close();
});

test('when the daemon is killed, the page says how old its data is, and goes on when it is back', async () => {
  const world = await startWorld('well');
  const { page, close } = await openPage(browser, world.url);
  await page.clock.install();
  await page.goto(world.url);
  await page.getByText('All 12 apps are fine.').waitFor();
  await world.kill();
  await page.clock.runFor(120 * SECOND);
  await page.getByText('This data is 2 minutes old.').waitFor();
  await page.getByText('NO ANSWER').waitFor();
  await page.getByText('Unknown now. 2 minutes ago: All 12 apps are fine.').waitFor();
  expect(await page.locator('.verdict').getAttribute('class')).toBe('verdict unknown');
  const back = await startWorld('failing', world.rig?.port);
  expect(back.url).toBe(world.url);
  await page.clock.runFor(60 * SECOND);
  await page.getByText('11 of 12 apps are fine.').waitFor();
  await page.locator('.lost').waitFor({ state: 'detached' });
  await close();
});

test('everything can be reached and done by keyboard', async () => {
  const world = await startWorld('well');
  const { page, close } = await openPage(browser, world.url);
  await page.goto(world.url);
  await page.locator('tbody tr').first().waitFor();
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText ?? '');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('search');
  await page.keyboard.type('app-0003');
  await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => new URL(page.url()).searchParams.get('show')).toBe('attention');
  await page.keyboard.press('ArrowLeft');
  await page.locator('tbody tr').first().waitFor();
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('app-0003');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Apple accepts the client secret').waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.locator('.timeline').waitFor();
  expect(new URL(page.url()).pathname).toBe('/targets/app-0003');
  await close();
});

test('language and colours can be chosen, are kept, and nothing else is stored', async () => {
  const world = await startWorld('well');
  const { page, close } = await openPage(browser, world.url);
  await page.goto(world.url);
  await page.getByLabel('Language').selectOption('zh');
  await page.getByText('全部 12 个应用一切正常').waitFor();
  await page.getByLabel('配色').selectOption('dark');
  await page.reload();
  await page.getByText('全部 12 个应用一切正常').waitFor();
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const chosen = [await page.locator('html').getAttribute('data-scheme'), await background()];
  expect(chosen[0]).toBe('dark');
  await page.getByText('运维手册').first().click();
  await page.getByRole('heading').first().waitFor();
  expect([await page.locator('html').getAttribute('data-scheme'), await background()]).toEqual(chosen);
  expect(await page.evaluate(() => [Object.entries(localStorage).sort(), document.cookie])).toEqual([
    [
      ['language', 'zh'],
      ['scheme', 'dark'],
    ],
    '',
  ]);
  await close();
});

test('a day of changes leaves the page as large as it was', async () => {
  const world = await startWorld('well');
  const { page, close } = await openPage(browser, world.url);
  await page.goto(world.url);
  await page.locator('tbody tr').first().waitFor();
  const devtools = await page.context().newCDPSession(page);
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    return (await devtools.send('Runtime.getHeapUsage')).usedSize;
  };
  let arrived = 0;
  await devtools.send('Network.enable');
  devtools.on('Network.eventSourceMessageReceived', ({ eventName }) => {
    arrived += eventName === 'change' ? 1 : 0;
  });
  /** So many changes, each another number of days left, until the page has drawn the last. */
  const changes = async (count: number, last: number) => {
    for (let index = 0; index < count; index += 1) {
      await world.rig?.putTarget('app-0001', good(last + 1 + ((count - 1 - index) % 100)));
      await world.rig?.clock.advance(SECOND);
    }
    await page.locator('tr', { hasText: 'app-0001' }).getByText(`${last} days`).waitFor();
  };
  await changes(100, 61);
  const [before, first] = [await heap(), arrived];
  await changes(CHANGES_OF_A_DAY, 65);
  expect(arrived - first).toBeGreaterThanOrEqual(CHANGES_OF_A_DAY);
  const grown = (await heap()) - before;
  expect(grown).toBeLessThan(500_000);
  await close();
}, 180_000);

test('the demo names its address, and the page there shows a rotation as it happens', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'rotator-demo-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  mkdirSync(join(cwd, 'config'));
  copyFileSync(join(ROOT, 'config/sandbox.yaml'), join(cwd, 'config/sandbox.yaml'));
  const env = { ROTATOR_HTTP_PORT: String(await closedPort()) };
  const demo = startProgram(['sandbox', '--demo', '--port', '0'], { cwd, env });
  const url = await demo.waitFor(/Open (http:\S+)\/ in a browser/);
  const sandbox = await demo.waitFor(/ROTATOR_SANDBOX_URL=(\S+)/);
  await demo.waitFor(/"event":"rotation.succeeded"/);
  const { page, mustBeClean, close } = await openPage(browser, url);
  await page.goto(`${url}/history`);
  const rows = page.locator('.rotations tbody tr');
  await expect.poll(() => rows.count()).toBe(1);
  const again = ['once', '--force', '--config', 'config/sandbox.yaml'];
  const { code } = await runProgram(again, { cwd, env: { ROTATOR_SANDBOX_URL: sandbox } });
  expect(code).toBe(0);
  await expect.poll(() => rows.count(), { timeout: 10_000 }).toBe(2);
  mustBeClean();
  await close();
}, 60_000);
