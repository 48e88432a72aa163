// What a message is made of.
import type { DigestFacts, Language } from '../../core/alerts/message.ts';
import type { News } from '../stories/news.ts';
import type { Links } from './links.ts';

/** What a message tells: news of stories, or a digest or a test alone. */
export type MessageSubject =
  | StorySubject
  | { readonly kind: 'digest'; readonly digest: DigestFacts }
  | { readonly kind: 'test' };
export type StorySubject = { readonly kind: 'story' } & News;

/** How messages are worded. */
export interface Voice extends Links {
  readonly instance: string;
  readonly version: string;
  readonly language: Language;
  /** Of the times in messages; default: UTC. */
  readonly timezone?: string;
}

export interface MessageRequest extends Voice {
  /** A UUID; the same at every attempt of the same message. */
  readonly id: string;
  /** ms since the epoch. */
  readonly now: number;
  /** Stories (each at most once), or a digest alone, or a test alone. */
  readonly subjects: readonly MessageSubject[];
  /** The stories are made up: somebody wants to see how they look. */
  readonly isTest?: boolean;
}
