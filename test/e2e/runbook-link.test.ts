// The link of an alert, followed: the daemon serves the section that it names, from the bundle as from a checkout.
import { chmodSync, rmSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { PAGE_POLICY } from '../../src/http/page-routes.ts';
import { runbookPage } from '../../src/http/runbook.ts';
import { alertPlace, alertsOf, lines, seen } from '../support/alert-place.ts';

test('leads to the page that the daemon serves, unless the daemon itself is what the alert is about', async () => {
  const settings = { http: { port: 0, publicUrl: 'https://ops.example.com/rotator/' } };
  const place = await alertPlace({ settings });
  rmSync(place.keyFile);
  chmodSync(place.folder, 0o777);
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('daemon.started'));
  const told = () => place.messages().flatMap(({ body }) => (body as { items: { runbook: string }[] }).items);
  const links = () => told().map(({ runbook }) => runbook);
  const served = 'https://ops.example.com/rotator/runbook#keyunavailable';
  await vi.waitFor(() => expect(links().sort()).toEqual(['docs/runbook.md#journalexposed', served]), 30_000);
  const { alerts } = alertsOf(await place.run(['alerts', '--json']));
  expect(alerts.map(({ runbook }) => runbook).sort()).toEqual(links().sort());

  // The bundle has the page without docs/ and without what renders it.
  const page = await fetch(`${lines(daemon, 'daemon.started')[0]?.['http']}/runbook`);
  expect([page.status, page.headers.get('content-security-policy')]).toEqual([200, PAGE_POLICY]);
  const text = await page.text();
  expect(text).toBe(runbookPage('en'));
  expect(text).toContain('<h2 id="keyunavailable">KeyUnavailable</h2>');
});
