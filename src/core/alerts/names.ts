// The names of everything that can be wrong: of conditions, and of causes, which stories are made of. They stand alone, so
// that the command line can list them without loading what they mean.

/**
 * Conditions of one target. The first two need no cause, and so catch what nobody foresaw; the last is an event: the target
 * left the configuration.
 */
export const TARGET_CONDITIONS = [
  'RenewalOverdue',
  'CheckStale',
  'RotationFailing',
  'SecretExpiring',
  'LoginsFail',
  'ProviderDisabled',
  'ProviderDiffers',
  'ProviderChanged',
  'SecretReplaced',
  'SecretNotShown',
  'ConsentNeeded',
  'TargetMisconfigured',
  'Unwatched',
] as const;

/** What many targets may have in common, by the error of their findings: causes.ts makes these of them. */
export const SHARED_CONDITIONS = ['CredentialsRejected', 'AccessDenied', 'EndpointFailing', 'KeyUnavailable'] as const;
export type SharedCondition = (typeof SHARED_CONDITIONS)[number];

/** Conditions of the service as a whole. */
export const SERVICE_CONDITIONS = [
  'Unverified',
  ...SHARED_CONDITIONS,
  'AppleUnreachable',
  'AppleRejectsAll',
  'AppleAcceptsAll',
  'ClockSkewed',
  'JournalUnwritable',
  'JournalExposed',
  'ChannelFailing',
  'ConfigurationRejected',
  'StartRefused',
  'WritesFailing',
  'SchedulerStalled',
  'ReplicaSilent',
  'ReplicasDiffer',
] as const;

export const CONDITIONS = [...TARGET_CONDITIONS, ...SERVICE_CONDITIONS] as const;
export type ConditionName = (typeof CONDITIONS)[number];

/** What keeps one target from being checked and renewed, and so one story of it: what says most comes first. */
export const RENEWAL_CONDITIONS = [
  'RotationFailing',
  'ConsentNeeded',
  'SecretExpiring',
  'RenewalOverdue',
  'CheckStale',
] as const;

/** What is broken. `RenewalFailing`: one or several of these. */
export type Cause = 'RenewalFailing' | Exclude<ConditionName, (typeof RENEWAL_CONDITIONS)[number]>;
export const CAUSES: readonly Cause[] = ['RenewalFailing', ...CONDITIONS.filter((name) => !isOfRenewal(name))];

/**
 * True also for what LoginsFail says better, with the same error and next step: beside it these are neither raised nor
 * repeated, and what was raised before does not end, because nothing of it is over.
 */
export function isOfRenewal(condition: ConditionName): condition is (typeof RENEWAL_CONDITIONS)[number] {
  return RENEWAL_CONDITIONS.some((each) => each === condition);
}
