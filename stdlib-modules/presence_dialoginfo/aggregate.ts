/** One dialog-info document (RFC 4235) of several: all their dialogs, or the one that matters most. */
import { elementsOf, newState } from '../../runtime/sdk/aggregated-xml.js';
import {
  append,
  attributeOf,
  type Document,
  type Element,
  firstNamed,
  nameOf,
  parseAll,
  writeXml,
} from '../../runtime/sdk/xml.js';

const MAX_ENTITY = 1024;

export function aggregate(user: string, domain: string, bodies: readonly string[], single: boolean): string | null {
  const documents = parseAll(bodies);
  const entity = `sip:${user}@${domain}`;
  if (documents === null || documents.length === 0 || entity.length >= MAX_ENTITY) return null;
  const doc = newState('dialog-info', 'urn:ietf:params:xml:ns:dialog-info', {
    entity: Buffer.from(entity, 'latin1').toString('utf8'),
  });
  const root = doc.documentElement;
  if (root === null) return null;
  if (!single || documents.length === 1) for (const node of elementsOf(documents)) append(root, node);
  else {
    const winner = weightiest(documents);
    if (winner === null) return null;
    append(root, winner);
  }
  return writeXml(doc, true);
}

/** How much a state of the same dialog elsewhere counts; with as much or more than this, a lower one is out of date. */
const weights: Readonly<Record<string, number>> = { terminated: 16, confirmed: 8, early: 4, proceeding: 2, trying: 1 };
/** First that there is wins. */
const order = ['early', 'confirmed', 'proceeding', 'trying', 'terminated'] as const;

interface Told {
  readonly node: Element;
  readonly isDialog: boolean;
  readonly id: string | null;
  /** '' when it tells none. */
  readonly state: string;
}
function told(node: Element): Told {
  const state = firstNamed(node, 'state')?.firstChild?.textContent ?? '';
  const isDialog = node.nodeName.toLowerCase() === 'dialog' || nameOf(node) === 'dialog';
  return { node, isDialog, id: isDialog ? attributeOf(node, 'id') : null, state: state.toLowerCase() };
}
/** The dialog to show when one is enough: ringing before talking, and of each dialog only its latest state. */
function weightiest(documents: readonly Document[]): Element | null {
  const all = [...elementsOf(documents)].map(told);
  const known = new Map<string, number>();
  for (const { id, state } of all) {
    if (id === null) continue;
    const key = id.toLowerCase();
    known.set(key, (known.get(key) ?? 0) + (weights[state] ?? 0));
  }
  const kept = new Map<string, Element>();
  let last: Element | null = null;
  for (const { node, id, state } of all) {
    if (state === '') continue;
    last = node;
    const weight = weights[state] ?? 0;
    if (state === 'terminated') kept.set(state, node);
    else if (weight > 0 && id !== null && (known.get(id.toLowerCase()) ?? 0) < weight * 2) kept.set(state, node);
  }
  for (const state of order) {
    const node = kept.get(state);
    if (node !== undefined) return node;
  }
  return last;
}
