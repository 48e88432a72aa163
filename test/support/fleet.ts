// States of the fleet in which one lane has had so many bad writes in a row: what tests count changes by.
import { afterBadWrite } from '../../src/core/lanes.ts';
import { EMPTY_FLEET, type FleetState } from '../../src/core/records.ts';

/** 2026-11-22T10:00:00Z. */
const NOW = Date.UTC(2026, 10, 22, 10);

export const LANE = 'env TENCENTCLOUD_SECRET_ID|ap-shanghai|https://tcb.tencentcloudapi.com';

/** One more bad write. */
export function oneMore(fleet: FleetState): FleetState {
  const error = { code: 'ERR_NOT_APPLIED', message: 'the old one is still there', hint: 'Look.' } as const;
  return { ...fleet, lanes: afterBadWrite(fleet.lanes, LANE, error, NOW) };
}

/** How many bad writes there were. */
export function counted({ lanes }: FleetState): number {
  return lanes[LANE]?.badWrites ?? 0;
}

/** A fleet with so many. */
export function aFleet(badWrites: number): FleetState {
  let fleet: FleetState = EMPTY_FLEET;
  for (let i = 0; i < badWrites; i += 1) fleet = oneMore(fleet);
  return fleet;
}
