// Chinese for the three ids that belong to a key.
import type { IdName } from '../../error-troubles.ts';
import type { IdWords } from '../en/ids.ts';

export const IDS: Readonly<Record<IdName, IdWords>> = {
  teamId: {
    title: 'Team ID',
    flag: '--team-id',
    wanted: '10 位大写字母或数字',
    where: 'Apple 开发者网站 Membership 页面',
  },
  clientId: {
    title: 'Services ID',
    flag: '--client-id',
    wanted: 'Services ID，例如 com.acme.shop.web',
    where: 'Apple 开发者网站 Identifiers 页面的 Services IDs',
  },
  keyId: {
    title: 'Key ID',
    flag: '--key-id',
    wanted: '10 位大写字母或数字',
    where: 'Apple 开发者网站 Keys 页面',
  },
};

export function takeFrom(id: IdName): string {
  return `从${IDS[id].where}复制 ${IDS[id].title}。`;
}
