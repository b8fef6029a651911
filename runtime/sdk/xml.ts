/**
 * XML for modules whose bodies are XML: read within bounds, changed as a DOM, written as libxml2 writes it (Kamailio's library).
 *
 * Apart from `index.ts`, so that a cfg without such modules bundles no XML library. Text is one-byte characters outside, as
 * everywhere; inside a document it is characters.
 */
import { DOMParser, type Document, type Element, type Node, onWarningStopParsing } from '@xmldom/xmldom';

export type { Attr, Document, Element, Node } from '@xmldom/xmldom';

export const NodeType = {
  element: 1,
  attribute: 2,
  text: 3,
  cdata: 4,
  instruction: 7,
  comment: 8,
  document: 9,
} as const;

/** What is larger is refused before it is parsed. Kamailio's library stops at the same depth. */
export const XML_LIMITS = { sizeBytes: 262_144, depth: 256, elements: 20_000 } as const;

/** Declared encoding of each document read here; absent: none was declared. */
const encodings = new WeakMap<Document, string>();
const standalone = new WeakMap<Document, string>();

const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:\s+encoding\s*=\s*["']([A-Za-z][\w.-]*)["'])?(?:\s+standalone\s*=\s*["'](yes|no)["'])?\s*\?>/;

/**
 * Null for what is not well-formed, is over a limit, has an encoding other than UTF-8, US-ASCII and ISO-8859-1, or declares a
 * document type: entities of one's own are of no use in SIP and a known way to make a parser work for hours.
 */
export function parseXml(text: string): Document | null {
  if (text.length > XML_LIMITS.sizeBytes || !withinBounds(text)) return null;
  const declared = DECLARATION.exec(text);
  if (declared === null && /^<\?xml[\s?]/.test(text)) return null;
  const encoding = declared?.[1];
  const characters = /^iso-8859-1$/i.test(encoding ?? '') ? text : fromUtf8(text);
  if (characters === null || (encoding !== undefined && !/^(?:utf-8|us-ascii|iso-8859-1)$/i.test(encoding)))
    return null;
  try {
    const doc = parser().parseFromString(characters, 'text/xml');
    if (doc.documentElement === null) return null;
    if (encoding !== undefined) encodings.set(doc, encoding);
    const alone = declared?.[2];
    if (alone !== undefined) standalone.set(doc, alone);
    return doc;
  } catch {
    return null;
  }
}
const parser = () => new DOMParser({ onError: onWarningStopParsing, locator: false });

/** One pass over the markup: depth, elements, no document type. What is not closed is left to the parser to refuse. */
function withinBounds(text: string): boolean {
  let depth = 0;
  let elements = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const next = text[at + 1];
    if (next === '!') {
      const end = text.startsWith('<!--', at) ? '-->' : text.startsWith('<![CDATA[', at) ? ']]>' : null;
      if (end === null) return false;
      at = text.indexOf(end, at + 4);
    } else if (next === '?') at = text.indexOf('?>', at + 2);
    else {
      const close = tagEnd(text, at + 1);
      if (close < 0) return false;
      if (next === '/') depth--;
      else {
        if (++elements > XML_LIMITS.elements) return false;
        if (text[close - 1] !== '/' && ++depth > XML_LIMITS.depth) return false;
      }
      at = close;
    }
    if (at < 0) return false;
  }
  return elements > 0 && depth === 0;
}
function tagEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '>') return at;
    if (c === '"' || c === "'") {
      at = text.indexOf(c, at + 1);
      if (at < 0) return -1;
    } else if (c === '<') return -1;
  }
  return -1;
}
function fromUtf8(text: string): string | null {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return null;
  }
}

/** Null when one of them cannot be read. */
export function parseAll(bodies: readonly string[]): Document[] | null {
  const documents: Document[] = [];
  for (const body of bodies) {
    const doc = parseXml(body);
    if (doc === null) return null;
    documents.push(doc);
  }
  return documents;
}

/** An empty document with this root, without a declared encoding; `like`: with that element's attributes. */
export function newXml(
  root: string,
  attributes: Readonly<Record<string, string>>,
  like: Element | null = null,
): Document {
  const doc = parser().parseFromString('<x/>', 'text/xml');
  const first = doc.documentElement;
  const own = like === null ? doc.createElement(root) : (doc.importNode(copyNode(like, false), true) as Element);
  for (const name of Object.keys(attributes)) own.setAttribute(name, attributes[name] ?? '');
  if (first !== null) doc.replaceChild(own, first);
  return doc;
}

// ---------------------------------------------------------------------------------------------------------------
// Looking

export const isElement = (node: Node | null | undefined): node is Element => node?.nodeType === NodeType.element;
/** Name without its prefix, for comparison: Kamailio's lookups ignore case and namespaces. */
export const nameOf = (node: Node): string => {
  const name = node.nodeName;
  return name.slice(name.indexOf(':') + 1).toLowerCase();
};
export function* childrenOf(node: Node): Iterable<Node> {
  for (let child = node.firstChild; child !== null; ) {
    const next: Node | null = child.nextSibling;
    yield child;
    child = next;
  }
}
export function childNamed(node: Node, name: string): Element | null {
  for (const child of childrenOf(node)) if (isElement(child) && nameOf(child) === name) return child;
  return null;
}
/** First element of this name among a node, what is in it, and the siblings after it, in document order. */
export function firstNamed(start: Node | null, name: string, prefix: string | null = null): Element | null {
  for (let node = start; node !== null; node = node.nextSibling) {
    if (isElement(node) && nameOf(node) === name && (prefix === null || node.prefix?.toLowerCase() === prefix))
      return node;
    const within: Element | null = firstNamed(node.firstChild, name, prefix);
    if (within !== null) return within;
  }
  return null;
}
/** One-byte text of all that is in it. */
export const contentOf = (node: Node): string => toUtf8(node.textContent ?? '');
/** One-byte value of the first attribute of this name, prefix and case ignored; null when there is none. */
export function attributeOf(node: Element, name: string): string | null {
  for (const attribute of node.attributes) if (nameOf(attribute) === name) return toUtf8(attribute.value);
  return null;
}
const toUtf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

// ---------------------------------------------------------------------------------------------------------------
// Changing

/** A copy of the node for another place: prefixes it uses from further up are declared on it (libxml2's xmlCopyNode()). */
export function copyNode(node: Node, deep = true): Node {
  const copy = node.cloneNode(deep);
  if (isElement(node) && isElement(copy)) declareUsed(node, copy, copy);
  return copy;
}
function declareUsed(from: Element, copy: Element, root: Element): void {
  const used = [
    copy.prefix ?? '',
    ...[...copy.attributes].flatMap(({ name, prefix }) =>
      prefix && name !== prefix && prefix !== 'xmlns' && prefix !== 'xml' ? [prefix] : [],
    ),
  ];
  for (const prefix of used) {
    if (declared(copy, prefix, root) !== null) continue;
    const uri = declared(from, prefix, null);
    if (uri !== null && uri !== '') root.setAttribute(prefix === '' ? 'xmlns' : `xmlns:${prefix}`, uri);
  }
  let original = from.firstChild;
  for (const child of childrenOf(copy)) {
    if (isElement(child) && isElement(original)) declareUsed(original, child, root);
    original = original?.nextSibling ?? null;
  }
}
/** The namespace a prefix has at an element, looked for up to `top`; null: not declared. */
function declared(at: Element, prefix: string, top: Element | null): string | null {
  const name = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  for (let node: Node | null = at; isElement(node); node = node.parentNode) {
    if (node.hasAttribute(name)) return node.getAttribute(name);
    if (node === top) return null;
  }
  return null;
}
/** Puts a node of any document at the end of another; text joins text before it. */
export function append(parent: Element, node: Node): void {
  const last = parent.lastChild;
  if (last?.nodeType === NodeType.text && node.nodeType === NodeType.text)
    last.nodeValue = `${last.nodeValue ?? ''}${node.nodeValue ?? ''}`;
  else {
    const own = parent.ownerDocument;
    parent.appendChild(own !== null && node.ownerDocument !== own ? own.importNode(node, true) : node);
  }
}

// ---------------------------------------------------------------------------------------------------------------
// Writing

/** The document with its declaration; `indent` by two blanks where an element has no text beside its elements. */
export function writeXml(doc: Document, indent: boolean, encoding = encodings.get(doc)): string {
  const alone = standalone.get(doc);
  let text = `<?xml version="1.0"${encoding === undefined ? '' : ` encoding="${encoding}"`}${alone === undefined ? '' : ` standalone="${alone}"`}?>\n`;
  for (const child of childrenOf(doc)) {
    if (child.nodeType === NodeType.text || (child.nodeName === 'xml' && child.nodeType === NodeType.instruction))
      continue;
    text += `${written(child, indent, 0)}\n`;
  }
  return encoded(text, encoding);
}
/** One node as it stands in its document, in UTF-8. */
export const writeNode = (node: Node): string =>
  node.nodeType === NodeType.document ? writeXml(node as Document, false, 'UTF-8') : toUtf8(written(node, false, 0));
function encoded(text: string, encoding: string | undefined): string {
  if (encoding !== undefined && /^utf-8$/i.test(encoding)) return toUtf8(text);
  const highest = /^iso-8859-1$/i.test(encoding ?? '') ? 0xff : 0x7f;
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    out += code <= highest ? c : encoding === undefined ? `&#x${code.toString(16).toUpperCase()};` : `&#${code};`;
  }
  return out;
}

const inText: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '\r': '&#13;' };
const inValue: Readonly<Record<string, string>> = { ...inText, '"': '&quot;', '\n': '&#10;', '\t': '&#9;' };

function written(node: Node, indent: boolean, depth: number): string {
  switch (node.nodeType) {
    case NodeType.text:
      return (node.nodeValue ?? '').replace(/[<>&\r]/g, (c) => inText[c] ?? c);
    case NodeType.cdata:
      return `<![CDATA[${node.nodeValue ?? ''}]]>`;
    case NodeType.comment:
      return `<!--${node.nodeValue ?? ''}-->`;
    case NodeType.instruction:
      return `<?${node.nodeName}${node.nodeValue ? ` ${node.nodeValue}` : ''}?>`;
    case NodeType.element:
      return writtenElement(node as Element, indent, depth);
    default:
      return '';
  }
}
function writtenElement(element: Element, indent: boolean, depth: number): string {
  const attributes = [...element.attributes];
  const isDeclaration = ({ name }: { name: string }) => name === 'xmlns' || name.startsWith('xmlns:');
  let text = `<${element.nodeName}`;
  for (const { name, value } of [...attributes.filter(isDeclaration), ...attributes.filter((a) => !isDeclaration(a))])
    text += ` ${name}="${value.replace(/[<>&\r"\n\t]/g, (c) => inValue[c] ?? c)}"`;
  if (element.firstChild === null) return `${text}/>`;
  const children = [...childrenOf(element)];
  const lines = indent && !children.some(({ nodeType }) => nodeType === NodeType.text || nodeType === NodeType.cdata);
  text += '>';
  for (const child of children)
    text += `${lines ? `\n${'  '.repeat(depth + 1)}` : ''}${written(child, lines, depth + 1)}`;
  return `${text}${lines ? `\n${'  '.repeat(depth)}` : ''}</${element.nodeName}>`;
}
