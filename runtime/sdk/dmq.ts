/**
 * What modules get of dmq: a channel of their own to the other nodes of a cluster. Bodies are Kamailio's JSON documents, so that its
 * nodes and ours understand each other.
 */
import { StartError } from '../errors.js';
import type { Maybe } from '../transaction/steps.js';
import type { ListenSocket } from '../transport/types.js';
import type { Uses } from './context.js';

/** Another node, or this one. */
export interface ClusterNode {
  readonly uri: string;
}
export interface DmqMessage {
  /** As it came, no longer than Content-Length says. */
  readonly body: string;
  /** As it came; 0 when it does not say. */
  readonly maxForwards: number;
  /** Who sent it; null when From names no node of the list. */
  readonly node: ClusterNode | null;
}
export interface DmqAnswer {
  readonly status: number;
  readonly reason: string;
  readonly contentType?: string;
  readonly body?: string;
}
export const dmqAnswers = {
  ok: { status: 200, reason: 'OK' },
  bad: { status: 400, reason: 'Bad Request' },
  failed: { status: 500, reason: 'Server Internal Error' },
} as const satisfies Readonly<Record<string, DmqAnswer>>;

/** A user part of KDMQ requests, and who reads what comes for it. */
export interface DmqChannel {
  readonly name: string;
  received(message: DmqMessage): Maybe<DmqAnswer>;
  /** The first list of nodes has come; `from`: of whom, where only that one is to be asked (`init_with_single`). */
  joined?(from: ClusterNode | null): void;
}
export interface DmqPeers {
  /** The one requests to other nodes leave from. */
  readonly socket: ListenSocket;
  /** To one node, or to all that are active. */
  send(body: object, to?: ClusterNode | null): void;
}
export interface DmqApi {
  /** Null: the name is taken. */
  open(channel: DmqChannel): DmqPeers | null;
}

/** For a start hook of a module that names `dmq?` in `uses`. */
export function openChannel(module: string, uses: Uses, channel: DmqChannel): DmqPeers {
  const dmq = uses.find<DmqApi>('dmq');
  if (dmq === null)
    throw new StartError('SIPC8141', `${module}: enable_dmq needs the dmq module; load it before ${module}`);
  const peers = dmq.open(channel);
  if (peers === null)
    throw new StartError('SIPC8142', `${module}: another module has the dmq channel ${channel.name}; set dmq_peer_id`);
  return peers;
}

export type JsonFields = Readonly<Record<string, unknown>>;
export const isFields = (value: unknown): value is JsonFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The fields of a body; null when it is no JSON object. */
export function readFields(body: string): JsonFields | null {
  try {
    const read: unknown = JSON.parse(body);
    return isFields(read) ? read : null;
  } catch {
    return null;
  }
}
/** Text in bytes: `\u20ac` means those of UTF-8; '' for what is no text. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  for (let i = 0; i < value.length; i++)
    if (value.charCodeAt(i) > 0xff) return Buffer.from(value, 'utf8').toString('latin1');
  return value;
}
/** 0 for what is no number. */
export const intOf = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : 0;
