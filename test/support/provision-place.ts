// A workspace whose target has no login method yet, for `provision`.
import { envIdOf, ownWorkspace, type Workspace } from './program.ts';

export const CALLBACK = 'https://shop.example/auth/v1/callback';
const TARGETS = [{ name: 'shop', provider: { redirectUri: CALLBACK } }];

export async function emptyWorkspace(): Promise<Workspace> {
  const place = await ownWorkspace({ targets: TARGETS });
  place.world.providers.delete(envIdOf('shop'), 'apple');
  return place;
}

/** The calls that change something. */
export const writes = ({ world }: Workspace) =>
  world.requests.log.filter(({ action }) => /^(?:Add|Modify|Delete)Provider$/.test(action));
