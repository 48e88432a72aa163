// Open pages over server-sent events: everything once, then what has changed, and nothing where nobody watches.
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { HOUR, SECOND } from '../../src/core/time.ts';
import type { ChangeView, OverviewView } from '../../src/http/page-schemas.ts';
import { START, startHttpRig } from './rig.ts';

type Rig = Awaited<ReturnType<typeof startHttpRig>>;

/** A daemon whose loop does not turn, so that nothing changes by itself. */
function still(rig: Rig): void {
  rig.state.health = {
    alive: true,
    get lastTurnMs() {
      return rig.clock.now() - START;
    },
  };
}

/** Reads a stream event by event. */
async function watch(rig: Rig, language = 'en') {
  const gone = new AbortController();
  onTestFinished(() => gone.abort());
  const response = await fetch(`${rig.url}/api/v1/overview/events?language=${language}`, { signal: gone.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    close: () => gone.abort(),
    async next(): Promise<{ event: string; data: OverviewView & ChangeView }> {
      while (!text.includes('\n\n')) {
        const { value, done } = (await reader?.read()) ?? {};
        if (done === true || value === undefined) return { event: 'end', data: {} as never };
        text += value;
      }
      const [first = '', ...rest] = text.split('\n\n');
      text = rest.join('\n\n');
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(first) ?? [];
      return { event, data: JSON.parse(data) };
    },
  };
}

/** The next event of a page, as the clock goes on. */
async function soon(rig: Rig, page: Awaited<ReturnType<typeof watch>>) {
  let isHere = false;
  const next = page.next().finally(() => {
    isHere = true;
  });
  while (!isHere) {
    await rig.clock.advance(SECOND);
    await setImmediate();
  }
  return next;
}

test('a page gets everything, then each change within a look, and both languages get their own words', async () => {
  const rig = await startHttpRig();
  still(rig);
  const [en, zh] = [await watch(rig), await watch(rig, 'zh')];
  const first = await en.next();
  expect(first.event).toBe('overview');
  expect(first.data.targets.map(({ name, state }) => [name, state])).toEqual([
    ['shop', 'unknown'],
    ['blog', 'unknown'],
  ]);
  expect(first.data.service).toMatchObject({ instance: 'test-rotator', version: '1.2.3', turns: true });
  expect((await zh.next()).event).toBe('overview');

  await rig.putTarget('shop', { state: 'healthy', lastPassAt: START });
  for (const page of [en, zh]) {
    const { event, data } = await soon(rig, page);
    expect(event).toBe('change');
    expect(data.put).toMatchObject([{ name: 'shop', state: 'healthy' }]);
    expect(data).not.toHaveProperty('alerts');
    expect(data).not.toHaveProperty('channels');
    expect(data).not.toHaveProperty('gone');
  }

  rig.configured.targets = rig.configured.targets.slice(0, 1);
  expect(await nextChange(rig, en)).toMatchObject({ gone: ['blog'] });
  rig.state.health = { alive: false, lastTurnMs: 4 * HOUR };
  expect((await nextChange(rig, en)).service).toMatchObject({ turns: false });
});

async function nextChange(rig: Rig, page: Awaited<ReturnType<typeof watch>>) {
  for (;;) {
    const { event, data } = await soon(rig, page);
    if (event !== 'beat') return data;
  }
}

test('where nothing changes, a beat comes every 10 s', async () => {
  const rig = await startHttpRig();
  still(rig);
  const page = await watch(rig);
  expect((await page.next()).event).toBe('overview');
  const [one, other] = [await soon(rig, page), await soon(rig, page)];
  expect([one.event, other.event]).toEqual(['beat', 'beat']);
  expect(Date.parse(other.data.at) - Date.parse(one.data.at)).toBeGreaterThanOrEqual(10 * SECOND);
});

test('one look serves all pages, and when the last has gone nobody looks any more', async () => {
  const rig = await startHttpRig();
  const pages = [await watch(rig), await watch(rig), await watch(rig)];
  for (const page of pages) await page.next();
  const looks = async () => {
    const before = rig.state.looks;
    await rig.clock.advance(SECOND);
    await setImmediate();
    return rig.state.looks - before;
  };
  expect(await looks()).toBe(1);
  for (const page of pages) page.close();
  await expect.poll(async () => looks()).toBe(0);
});

test('a closing server ends its streams at once', async () => {
  const rig = await startHttpRig();
  const page = await watch(rig);
  await page.next();
  await rig.server.close();
  expect((await page.next()).event).toBe('end');
});

test('a provider that is switched off is a choice, unless the configuration says that it is on', async () => {
  const rig = await startHttpRig();
  const [shop, blog] = rig.configured.targets;
  if (shop === undefined || blog === undefined) throw new Error('no targets');
  rig.configured.targets = [shop, { ...blog, stated: { enabled: true } }];
  const provider = { enabled: false, strangeHost: null, differs: [], trouble: null, since: null, at: START };
  for (const { name } of [shop, blog]) await rig.putTarget(name, { state: 'healthy', lastPassAt: START, provider });
  const { targets } = (await rig.call('/api/v1/overview')).json as OverviewView;
  expect(targets.map(({ state, logins }) => [state, logins.state, logins.chosen])).toEqual([
    ['healthy', 'fails', true],
    ['failed', 'fails', false],
  ]);
});

test('who asks without a stream gets the same', async () => {
  const rig = await startHttpRig();
  await rig.putTarget('shop', {
    state: 'healthy',
    lastPassAt: START,
    renewalAt: START + HOUR,
    deployed: {
      fingerprint: 'f'.repeat(64),
      keyId: 'KEYAAAAAAA',
      issuedAt: START - HOUR,
      expiresAt: START + 1000 * HOUR,
      shape: 'clear',
      from: 'read',
      identity: null,
      defect: null,
    },
  });
  const { json } = await rig.call('/api/v1/overview?language=zh');
  expect((json as OverviewView).targets[0]).toMatchObject({
    name: 'shop',
    keyId: 'KEYAAAAAAA',
    issuedAt: new Date(START - HOUR).toISOString(),
    expiresAt: new Date(START + 1000 * HOUR).toISOString(),
    renewalAt: new Date(START + HOUR).toISOString(),
    plannedAt: new Date(START + HOUR).toISOString(),
    criticalAt: new Date(START + 1000 * HOUR - 20 * 24 * HOUR).toISOString(),
    lastCheckAt: new Date(START).toISOString(),
    urgent: false,
  });
});
