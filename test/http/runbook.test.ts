// The runbook as it is served, in both languages: every section with its fragment, no link that leads nowhere, and
// nothing that a strict Content-Security-Policy would have to permit but one style.
import { describe, expect, test } from 'vitest';
import { runbookLink } from '../../src/alerts/words/links.ts';
import { CONDITIONS } from '../../src/core/alerts/conditions.ts';
import { startHttpRig } from './rig.ts';

describe.each([
  ['en', '/runbook', 'set-a-client-secret-by-hand', 'Set a client secret by hand'],
  ['zh-Hans', '/runbook?language=zh', '手动设置客户端密钥', '手动设置客户端密钥'],
] as const)('in %s', (lang, path, place, heading) => {
  async function served() {
    const rig = await startHttpRig();
    return rig.call(path);
  }

  test('is a page, with a section for every condition, where the links of alerts lead', async () => {
    const { status, headers, text } = await served();
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    for (const condition of CONDITIONS) {
      const [, fragment] = runbookLink({ runbook: '', language: 'en' }, condition).split('#');
      expect(text).toContain(`<h2 id="${fragment}">${condition}</h2>`);
    }
    expect(text).toContain(`<h3 id="${place}">${heading}</h3>`);
    expect(text).toContain(`<html lang="${lang}">`);
  });

  test('every link leads to a place on it but one, which leads back to the page, and every place is one', async () => {
    const { text } = await served();
    const places = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(places).size).toBe(places.length);
    const links = [...text.matchAll(/<a href="([^"]*)"/g)].map(([, href = '']) => decodeURIComponent(href));
    expect(links.length).toBeGreaterThan(CONDITIONS.length);
    expect(links.filter((href) => !places.includes(href.slice(1)) || !href.startsWith('#'))).toEqual(['./']);
  });

  test('shows what stands in angle brackets as it is written', async () => {
    const { text } = await served();
    expect(text).toContain('env/&lt;envId&gt;');
  });
});
