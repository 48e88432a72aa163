// Key sources and Tencent credentials as the configuration names them, by `from`: the options of the registries.
import * as z from 'zod';
import { KEY_SOURCES } from '../adapters/keys/registry.ts';
import { credentialsOptions } from '../adapters/tencent/credentials/registry.ts';

export const CREDENTIALS = credentialsOptions.meta({ id: 'credentials' });
export type CredentialsConfig = z.output<typeof CREDENTIALS>;

const tencentSsm = KEY_SOURCES['tencent-ssm'].extend({ credentials: CREDENTIALS.optional() });
const SOURCES = Object.values({ ...KEY_SOURCES, 'tencent-ssm': tencentSsm });
type Source = (typeof SOURCES)[number];

export const KEY = z.discriminatedUnion('from', SOURCES as [Source, ...Source[]]).meta({ id: 'key' });
export type KeyConfig = z.output<typeof KEY>;
