// What can be wrong, as data: the troubles that the parameters of several errors share. Each has its sentences in
// texts/, and a new one does not compile before it has them in every language.

/** The ids that belong to a key. */
export type IdName = 'teamId' | 'clientId' | 'keyId';

/** A call over the network that brought no usable answer. */
export type CallTrouble =
  | { readonly trouble: 'timeout'; readonly afterMs: number }
  /** `ECONNREFUSED`, `CERT_HAS_EXPIRED`, …; null: the client named none. */
  | { readonly trouble: 'network'; readonly code: string | null }
  /** This process does not trust the certificate of the other side. */
  | { readonly trouble: 'certificate'; readonly code: string }
  | { readonly trouble: 'cut' | 'too-large' | 'encoded' | 'malformed' }
  | { readonly trouble: 'redirected' | 'http'; readonly status: number }
  /** An answer that refuses by the service's own code: `errcode 45009`, `SMTP 451`, `ThrottlingException`. */
  | { readonly trouble: 'code'; readonly code: string };

/** What a text is instead of a P-256 private key. */
export type KeyLook =
  | 'nothing'
  | 'binary'
  | 'page'
  | 'jwt'
  | 'openssh-public'
  | 'base64-pem'
  | 'bare-base64'
  | 'damaged-frame'
  | 'cut-off'
  | 'encrypted'
  | 'public-key'
  | 'rsa-public-key'
  | 'certificate'
  | 'certificate-request'
  | 'openssh-private'
  | 'ec-parameters'
  | 'other-pem'
  | 'empty-pem'
  | 'broken-lines'
  | 'damaged-pem'
  | 'foreign-half'
  | 'json-list'
  | 'json-value'
  | 'broken-json';

/** What a text is instead of a client secret. */
export type SecretLook = 'pem' | 'fingerprint' | 'masked' | 'jwe' | 'cut-off' | 'page';

/** What a person has to look at where a channel refuses. */
export type ChannelAdvice =
  | 'settings'
  | 'form'
  | 'token'
  | 'url'
  | 'gone'
  | 'size'
  | 'code-list'
  | 'report'
  | 'dingtalk-security'
  | 'robot-off'
  | 'robot-removed'
  | 'robot-url'
  | 'feishu-secret'
  | 'feishu-addresses'
  | 'feishu-keywords'
  | 'slack-webhook'
  | 'slack-workspace'
  | 'slack-channel'
  | 'pagerduty-key'
  | 'smtp-tls'
  | 'smtp-login'
  | 'smtp-addresses';

/** Why a field of a provider cannot be written back as it was read. */
export type RoundTripTrouble = 'masked' | 'unsafe-number' | 'not-utf8' | 'key' | 'gone';

/** What keeps a journal's file from being used. */
export type JournalTrouble =
  | 'not-writable'
  | 'read-only-disk'
  | 'disk-full'
  | 'no-folder'
  | 'is-folder'
  | 'is-device'
  | 'held'
  | 'disk-error'
  | 'damaged'
  | 'not-sqlite'
  | 'foreign'
  | 'moved';

/** What keeps a journal's database from being used. */
export type DatabaseTrouble =
  | 'away'
  | 'slow'
  | 'login'
  | 'no-database'
  | 'no-right'
  | 'no-journal'
  | 'older'
  | 'standby'
  | 'tls'
  | 'full'
  | 'too-many'
  | 'foreign'
  | 'failed';

/** What Tencent Cloud refuses a call for: a row of adapters/tencent/error-table.ts. */
export type RemoteTrouble =
  | 'throttled'
  | 'in-use'
  | 'server'
  | 'server-status'
  | 'timeout'
  | 'network'
  | 'bad-answer'
  | 'other-status'
  | 'clock'
  | 'token'
  | 'credentials'
  | 'denied'
  | 'ssm-absent'
  | 'ssm-disabled'
  | 'ssm-deleted'
  | 'ssm-unavailable'
  | 'ssm-kms'
  | 'ssm-name'
  | 'ssm-role'
  | 'address'
  | 'limit'
  | 'offline'
  | 'overdue'
  | 'isolated'
  | 'parameter'
  /** A parameter that is a field of the provider. */
  | 'field'
  | 'not-found'
  | 'failed'
  | 'refused';

/** A call to Tencent Cloud that failed. */
export interface Remote {
  readonly remote: RemoteTrouble;
  /** `tcb GetProviders`. */
  readonly call: string;
  /** The secret that was asked for; null where the error is not about one. */
  readonly about: string | null;
  /** The API's code, `HTTP_nnn`, `TIMEOUT` or `NETWORK`. */
  readonly code: string;
  /** What the connection showed, where that says more than the code. */
  readonly detail: CallTrouble | null;
  /** The actions and resources that a denial names; the parameter that is refused; else empty. */
  readonly said: string;
  /** What CAM must allow, as a policy in JSON; of a denial alone. */
  readonly statement: string | null;
  /** Our clock less the server's, in ms; null: not known. */
  readonly skewMs: number | null;
}
