// What the demo needs: a folder with a generated key and the sandbox's credentials, and an environment whose Apple
// provider holds a client secret with five days left. config/sandbox.yaml names the same things.
import { lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RotatorError } from '../core/errors.ts';
import { SANDBOX_CREDENTIALS } from './credentials.ts';
import type { ProviderRecord } from './providers.ts';
import type { World } from './world.ts';

export const DEMO = {
  envId: 'shop-demo-1g2h3j',
  oauthEnvId: 'shop-demo-oauth',
  providerId: 'apple',
  teamId: 'TEAMSANDBX',
  keyId: 'SANDBOX001',
  clientId: 'com.example.shop.web',
  daysLeft: 5,
} as const;

const DAY_SECONDS = 86_400;

/**
 * Empties `folder`, writes the key and the credentials there (mode 0600) and fills the world. Throws ERR_USAGE if the
 * folder is a symbolic link or no folder: nothing outside of it is ever removed.
 */
export async function setUpDemo(world: World, folder: string): Promise<void> {
  await refuseOthers(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { privateKeyPem } = world.appleKeys.generate({
    teamId: DEMO.teamId,
    keyId: DEMO.keyId,
    clientIds: [DEMO.clientId],
  });
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  await writeFile(join(folder, `AuthKey_${DEMO.keyId}.p8`), privateKeyPem, { mode: 0o600 });
  await writeFile(join(folder, 'credentials'), `[default]\nsecret_id = ${secretId}\nsecret_key = ${secretKey}\n`, {
    mode: 0o600,
  });
  seedDemo(world);
}

/** The demo's provider, and in an environment of its own the same as an OAUTH provider. */
function seedDemo(world: World): void {
  const { envId, oauthEnvId, keyId, clientId, daysLeft } = DEMO;
  const secret = world.mintSecret({ keyId, clientId, expiresInSeconds: daysLeft * DAY_SECONDS });
  world.providers.put(envId, appleProvider('OIDC', { envId, clientId, secret }));
  world.providers.put(oauthEnvId, appleProvider('OAUTH', { envId: oauthEnvId, clientId, secret }));
}

/**
 * A provider as CloudBase's own metadata describes one for Apple, with a key that the SDK's types do not know. Which of
 * the two types the console makes is not known; one of type OAUTH has no Issuer, so nothing is discovered.
 */
export function appleProvider(
  type: 'OIDC' | 'OAUTH',
  { envId, clientId, secret }: { readonly envId: string; readonly clientId: string; readonly secret: string },
): ProviderRecord {
  const isOidc = type === 'OIDC';
  return {
    Id: DEMO.providerId,
    Name: { Message: 'Apple' },
    ProviderType: type,
    On: 'TRUE',
    AutoSignUpWithProviderUser: 'TRUE',
    TransparentMode: 'FALSE',
    ReuseUserId: 'FALSE',
    AutoSignInWhenEmailMatch: 'FALSE',
    AutoSignInWhenPhoneNumberMatch: 'FALSE',
    Config: {
      Issuer: isOidc ? 'https://appleid.apple.com' : '',
      ...(isOidc ? { JwksUri: 'https://appleid.apple.com/auth/keys' } : {}),
      ClientId: clientId,
      ClientSecret: secret,
      RedirectUri: `https://${envId}.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/callback`,
      Scope: 'openid email name',
      ResponseType: 'code',
      AuthorizationEndpoint: 'https://appleid.apple.com/auth/authorize?response_mode=form_post',
      TokenEndpoint: 'https://appleid.apple.com/auth/token',
      TokenEndpointAuthMethod: 'CLIENT_SECRET_POST',
      RevocationEndpoint: 'https://appleid.apple.com/auth/revoke',
    },
  };
}

async function refuseOthers(folder: string): Promise<void> {
  const found = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined || found.isDirectory()) return;
  throw new RotatorError('ERR_USAGE', { problem: 'demo-folder', path: folder, isLink: found.isSymbolicLink() });
}
