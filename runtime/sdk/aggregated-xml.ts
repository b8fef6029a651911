/**
 * One document of all that were published for a presentity, for packages whose documents count their version: it is each
 * watcher's own, so a placeholder of fixed width stands for it until the document is sent. Kamailio's presence_dialoginfo and
 * presence_reginfo, notify_body.c.
 */
import { childrenOf, type Document, type Element, isElement, newXml } from './xml.js';

const VERSION_PLACE = '00000000000';
/** Where the first attribute of a root may begin. */
const FIRST_ATTRIBUTE = 30;

/** What stands in their roots, in order. */
export function* elementsOf(documents: readonly Document[]): Iterable<Element> {
  for (const { documentElement: root } of documents)
    if (root !== null) for (const node of childrenOf(root)) if (isElement(node)) yield node;
}
/** A full state with nothing in it; `more`: attributes behind. */
export const newState = (root: string, namespace: string, more: Readonly<Record<string, string>> = {}): Document =>
  newXml(root, { xmlns: namespace, version: VERSION_PLACE, state: 'full', ...more });

/** Null: the body has no placeholder. */
export function withVersion(body: string, version: number): string | null {
  const at = body.indexOf(`version="${VERSION_PLACE}"`, FIRST_ATTRIBUTE);
  if (at < 0) return null;
  return `${body.slice(0, at)}version="${version}"${body.slice(at + VERSION_PLACE.length + 10)}`;
}
