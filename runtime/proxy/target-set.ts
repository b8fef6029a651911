/**
 * The target set of a relay (RFC 3261 §16.5): the Request-URI unless it was used before, then the branches the script
 * added, in order.
 */
import type { Draft } from '../message/draft.js';
import type { SipMessage } from '../message/message.js';
import type { ListenSocket } from '../transport/types.js';

export interface Target {
  readonly uri: string;
  /** `$du` of the branch; null: none, the URI is the next hop. */
  readonly dstUri: string | null;
  readonly path: string | null;
  readonly socket: ListenSocket | null;
  readonly flags: number;
  readonly instance: string | null;
  readonly ruid: string | null;
  readonly locationUa: string | null;
  readonly q: number;
}

export function targetSet(msg: SipMessage, draft: Draft): Target[] {
  const targets: Target[] = [];
  if (draft.uriIsNew) {
    targets.push({
      uri: draft.uri ?? msg.requestUri,
      dstUri: draft.dstUri,
      path: draft.path,
      socket: draft.sendSocket,
      flags: draft.branchFlags,
      instance: draft.instance,
      ruid: draft.ruid,
      locationUa: draft.locationUa,
      q: draft.q,
    });
  }
  for (const b of draft.branches) {
    targets.push({
      uri: b.uri,
      dstUri: b.dstUri,
      path: b.path,
      socket: b.socket,
      flags: b.flags,
      instance: b.instance,
      ruid: b.ruid,
      locationUa: b.locationUa,
      q: b.q,
    });
  }
  return targets;
}
