// Who would be called: `run` refuses to start while a warning or critical reaches nobody.
import { describe, expect, test } from 'vitest';
import { unreachableAlerts } from '../../src/config/recipients.ts';
import { load } from './support.ts';

const TARGETS = ['a', 'b']
  .map((name) => `  - { name: ${name}, envId: ${name}, key: { from: file, path: k } }\n`)
  .join('');

async function unreached(...channels: string[]): Promise<string[]> {
  const listed = channels.map((rest, index) => `{ name: c${index}, type: slack, url: "https://a.example"${rest} }`);
  const { config } = await load(`alerts: { channels: [${listed.join(', ')}] }\ntargets:\n${TARGETS}`);
  return unreachableAlerts(config).map(({ target, severity }) => `${target ?? 'the service'} ${severity}`);
}

describe('alerts reach nobody', () => {
  const all = ['the service', 'a', 'b'];
  const warnings = all.map((target) => `${target} warning`);
  const criticals = all.map((target) => `${target} critical`);

  test('without a channel', async () => {
    expect(await unreached()).toEqual([...warnings, ...criticals]);
  });

  test('of a severity that no channel takes', async () => {
    expect(await unreached(', severities: [critical]')).toEqual(warnings);
    expect(await unreached(', severities: [warning]')).toEqual(criticals);
  });

  test('of the service itself, where every channel lists targets', async () => {
    expect(await unreached(', targets: [a, b]')).toEqual(['the service warning', 'the service critical']);
  });

  test('of a target that no channel lists', async () => {
    expect(await unreached(', targets: [a]', ', severities: [critical]')).toEqual(['the service warning', 'b warning']);
  });
});

describe('alerts reach somebody', () => {
  test.each([[['']], [[', severities: [warning]', ', severities: [critical]']], [[', targets: [a]', '']]])(
    '%j',
    async (channels) => {
      expect(await unreached(...channels)).toEqual([]);
    },
  );

  test('or nobody is wanted', async () => {
    const { config } = await load(`alerts: { none: accepted }\ntargets:\n${TARGETS}`);
    expect(unreachableAlerts(config)).toEqual([]);
  });
});
