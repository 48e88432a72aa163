// Where a journal is: a file, or a database. A database is named by a URL as PostgreSQL's own programs take it.
import { dirname } from 'node:path';
import type { RotatorError } from '../../core/errors.ts';

/** The `journal` of a configuration. */
export interface JournalPlace {
  /** The file, or the database in words that hold no secret. */
  readonly path: string;
  /** Undefined: it is a file. */
  readonly postgres?: PostgresPlace | undefined;
}

/** Called for something about a journal that somebody should know. */
export type Warn = (reason: RotatorError) => void;

export interface PostgresPlace {
  /** A host, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Undefined: the server has to take the user without one. */
  readonly password: string | undefined;
  readonly database: string;
  /** Of our tables; journals in one database are told apart by it. */
  readonly schema: string;
  /** `sslmode=verify-full`. */
  readonly tls: boolean;
  /** The file of the certificates that are trusted, if not those of the system. */
  readonly rootCert: string | undefined;
}

/** What is wrong with the URL of a database. */
export type PlaceProblem = 'form' | 'tls' | 'option' | 'schema';

const PORT = 5432;
const SCHEMA = 'rotator';
const URL_FORM = /^postgres(?:ql)?:\/\/([^/?#@]+)@([^/?#@]*)(?:\/([^/?#@]*))?(?:\?([^#@]*))?$/i;
const OPTIONS = ['host', 'schema', 'sslmode', 'sslrootcert'];

/** Where a process may keep a file that is no part of the journal. */
export function ownFolder({ path, postgres }: JournalPlace): string {
  return postgres === undefined ? dirname(path) : './data';
}

export function isPostgres(text: string): boolean {
  return /^postgres(?:ql)?:/i.test(text);
}

/** Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`, or says what is wrong with it. */
export function readPostgresUrl(text: string): JournalPlace | PlaceProblem {
  const [, login = '', address = '', path = '', query = ''] = URL_FORM.exec(text) ?? [];
  const options = new URLSearchParams(query);
  if (login === '' || !isDecodable(text)) return 'form';
  if ([...options.keys()].some((name) => !OPTIONS.includes(name))) return 'option';
  const [user = '', ...rest] = login.split(':');
  const [, hostInUrl = '', port = ''] = /^(\[[0-9a-fA-F:.]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(address) ?? [];
  const host = options.get('host') ?? decodeURIComponent(hostInUrl.replace(/^\[(.*)\]$/, '$1'));
  if (user === '' || host === '' || rest.length > 1) return 'form';
  const schema = options.get('schema') ?? SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,40}$/.test(schema) || schema.startsWith('pg_')) return 'schema';
  const mode = options.get('sslmode');
  if (mode !== 'verify-full' && (mode !== null || !isLocal(host))) return 'tls';
  const [password] = rest;
  const database = path === '' ? decodeURIComponent(user) : decodeURIComponent(path);
  const place: PostgresPlace = {
    host,
    port: port === '' ? PORT : Number(port),
    user: decodeURIComponent(user),
    password: password === undefined || password === '' ? undefined : decodeURIComponent(password),
    database,
    schema,
    tls: mode === 'verify-full',
    rootCert: options.get('sslrootcert') ?? undefined,
  };
  return { path: pathOf(place), postgres: place };
}

/** Without password and options, which say nothing to a reader. */
function pathOf({ host, port, user, database, schema }: PostgresPlace): string {
  const at = host.includes(':') ? `[${host}]` : host.startsWith('/') ? encodeURIComponent(host) : host;
  const address = port === PORT ? at : `${at}:${port}`;
  const extra = schema === SCHEMA ? '' : `?schema=${schema}`;
  return `postgres://${encodeURIComponent(user)}@${address}/${encodeURIComponent(database)}${extra}`;
}

function isDecodable(text: string): boolean {
  try {
    return !/\s/.test(text) && !/\p{Cc}/u.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

/** Nobody else hears what goes there. */
function isLocal(host: string): boolean {
  return host.startsWith('/') || /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(host);
}
