// English for the three ids that belong to a key.
import type { IdName } from '../../error-troubles.ts';

export interface IdWords {
  readonly title: string;
  readonly flag: string;
  readonly wanted: string;
  readonly where: string;
}

export const IDS: Readonly<Record<IdName, IdWords>> = {
  teamId: {
    title: 'Team ID',
    flag: '--team-id',
    wanted: '10 upper-case letters or digits',
    where: 'Apple Developer portal, Membership',
  },
  clientId: {
    title: 'Services ID',
    flag: '--client-id',
    wanted: 'a name such as com.acme.shop.web',
    where: 'Apple Developer portal, Identifiers, Services IDs',
  },
  keyId: {
    title: 'Key ID',
    flag: '--key-id',
    wanted: '10 upper-case letters or digits',
    where: 'Apple Developer portal, Keys',
  },
};

export function takeFrom(id: IdName): string {
  return `Copy the ${IDS[id].title} from: ${IDS[id].where}.`;
}
