/** Presence documents (PIDF, RFC 3863; RPID, RFC 4480): one of several, one that says offline, one cut to what a watcher may see. */
import {
  append,
  attributeOf,
  childNamed,
  childrenOf,
  contentOf,
  copyNode,
  type Document,
  type Element,
  firstNamed,
  isElement,
  type Node,
  NodeType,
  nameOf,
  newXml,
  parseAll,
  parseXml,
  writeXml,
} from '../../runtime/sdk/xml.js';

const presenceOf = (doc: Document): Element | null => firstNamed(doc.firstChild, 'presence');
/** What the first thing in an element says. */
const said = (element: Element | null): string | null => element?.firstChild?.textContent ?? null;

/** The last document, with what the others have and it has no tuple of the same id for. */
export function merge(bodies: readonly string[]): string | null {
  const documents = parseAll(bodies);
  const last = documents?.pop();
  const root = last && presenceOf(last);
  if (!documents || !last || !root) return null;
  for (const doc of documents.reverse()) {
    const other = presenceOf(doc);
    if (other === null) return null;
    const tuple = childNamed(other, 'tuple');
    const id = tuple && attributeOf(tuple, 'id');
    if (tuple !== null && id === null) return null;
    if (id !== null) {
      const ids = [...childrenOf(root)].filter(isTuple).map((own) => attributeOf(own, 'id'));
      const known = ids.findIndex((own) => own?.toLowerCase() === id.toLowerCase());
      const unnamed = ids.indexOf(null);
      if (unnamed >= 0 && (known < 0 || unnamed < known)) return null;
      if (known >= 0) continue;
    }
    for (const node of childrenOf(other)) append(root, copyNode(node));
  }
  return writeXml(last, true);
}
const isTuple = (node: Node): node is Element => isElement(node) && nameOf(node) === 'tuple';

/** One whole document: the last, or one whose `element` says what stands further right in `priorities`. */
export function pick(bodies: readonly string[], priorities: string, element: string): string | null {
  const documents = parseAll(bodies);
  let chosen = documents?.at(-1);
  if (!documents || chosen === undefined) return null;
  if (priorities !== '' && element !== '') {
    const wanted = element.toLowerCase();
    let current = said(firstNamed(presenceOf(chosen), wanted));
    let place = current === null ? -1 : priorities.indexOf(current);
    for (const doc of documents.slice(0, -1).reverse()) {
      const root = presenceOf(doc);
      if (root === null) return null;
      const other = said(firstNamed(root, wanted));
      if (current === null || other === null || current.toLowerCase() === other.toLowerCase()) continue;
      const at = priorities.indexOf(other);
      if (at <= place) continue;
      [chosen, current, place] = [doc, other, at];
    }
  }
  return writeXml(chosen, true);
}

/** The document of someone who has gone: its first tuple, closed, and nothing else. Null when it has none. */
export function offline(body: string): string | null {
  const doc = parseXml(body);
  if (doc === null) return null;
  const [basic, tuple, status, presence] = ['basic', 'tuple', 'status', 'presence'].map((name) =>
    firstNamed(doc.firstChild, name),
  );
  if (!basic || !tuple || !status || !presence) return null;
  basic.textContent = 'closed';
  const gone = newXml(presence.nodeName, {}, presence);
  const root = gone.documentElement;
  if (root === null) return null;
  append(root, copyNode(tuple, false));
  const own = root.lastChild;
  if (!isElement(own)) return null;
  append(own, copyNode(status));
  return writeXml(gone, true);
}

/** Shown for who has published nothing, with `force_dummy_presence`. */
export const available = (user: string): string =>
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"' +
  ' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" xmlns:c="urn:ietf:params:xml:ns:pidf:cipid"' +
  ` entity="${user.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)}">` +
  '<tuple xmlns="urn:ietf:params:xml:ns:pidf" id="615293b33c62dec073e05d9421e9f48b">' +
  '<status><basic>open</basic></status></tuple>' +
  '<note xmlns="urn:ietf:params:xml:ns:pidf">Available</note>' +
  '<dm:person xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" id="1">' +
  '<rpid:activities/><dm:note>Available</dm:note></dm:person></presence>';

const MAX_NAME = 23;

/** What the rule's transformations (RFC 5025 §3.3) leave of the document. Null when it cannot be read. */
export function filter(body: string, rule: Element): string | null {
  const doc = parseXml(body);
  const root = doc && presenceOf(doc);
  if (!doc || !root) return null;
  const transformations = childNamed(rule, 'transformations');
  for (const provide of transformations === null ? [] : childrenOf(transformations)) {
    const full = provide.nodeName.slice(provide.nodeName.indexOf(':') + 1);
    if (!isElement(provide) || full.length < 9 || full.length - 8 > MAX_NAME) continue;
    // provide-services, provide-persons: elements have other names than what provides them.
    const plural = full.slice(8).toLowerCase();
    const name = plural === 'services' ? 'tuple' : plural.startsWith('person') ? 'person' : plural;
    applyProvide(root, provide, name, `all-${plural}`);
  }
  return writeXml(doc, true);
}
function applyProvide(root: Element, provide: Element, name: string, all: string): void {
  let node: Node | null = firstNamed(root, name);
  if (node === null) return;
  const verdict = contentOf(provide).toLowerCase();
  if (verdict === 'true') return;
  if (verdict === 'false') {
    for (let found: Node | null = node; found !== null; found = childNamed(root, name))
      found.parentNode?.removeChild(found);
    return;
  }
  if (childNamed(provide, all) !== null) return;
  while (node !== null) {
    const next: Node | null = node.nextSibling;
    if (node.nodeType !== NodeType.text) {
      if (!isElement(node) || nameOf(node) !== name) return;
      if (!isProvided(node, provide)) node.parentNode?.removeChild(node);
    }
    node = next;
  }
}
/** One of the selectors in it fits the element. */
function isProvided(node: Element, provide: Element): boolean {
  const contact = said(firstNamed(node, 'contact'));
  const own: Readonly<Record<string, string | null>> = {
    class: said(firstNamed(node, 'class')),
    deviceid: said(firstNamed(node, 'deviceid')),
    'occurence-id': attributeOf(node, 'id'),
    'service-uri': contact,
    'service-uri-scheme': contact !== null && contact.indexOf(':') > 0 ? contact.slice(0, contact.indexOf(':')) : null,
  };
  for (const selector of childrenOf(provide)) {
    if (!isElement(selector)) continue;
    const value = own[nameOf(selector)];
    if (value != null && (selector.textContent ?? '').toLowerCase() === value.toLowerCase()) return true;
  }
  return false;
}

/** Is one of the tuples' status this? */
export function hasBasic(body: string, status: string): boolean {
  const doc = parseXml(body);
  let found = false;
  for (let node: Node | null = doc && firstNamed(doc.firstChild, 'tuple'); node !== null; node = node.nextSibling) {
    if (!isTuple(node)) continue;
    const basic = firstNamed(node, 'basic');
    if (basic === null) return found;
    if (contentOf(basic).toLowerCase().startsWith(status.toLowerCase())) found = true;
  }
  return found;
}
/** `none`: the document tells no activities. */
export function hasActivity(body: string, activity: string): 'yes' | 'no' | 'none' {
  const doc = parseXml(body);
  let found = false;
  let node: Node | null = doc && firstNamed(doc.firstChild, 'person');
  if (node === null) return 'none';
  for (; node !== null; node = node.nextSibling) {
    if (!isElement(node) || nameOf(node) !== 'person') continue;
    const activities = firstNamed(node, 'activities');
    if (activities?.firstChild == null) return found ? 'yes' : 'none';
    if (firstNamed(activities, activity.toLowerCase()) !== null) found = true;
  }
  return found ? 'yes' : 'no';
}
