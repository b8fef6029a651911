/**
 * A reader for XML-RPC documents (xmlrpc.com/spec): elements and text, no more. It is bounded, and refuses what a call does not
 * need and an attack does: document types, entities of their own, deep nesting.
 */
export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  /** Text directly inside, references resolved. */
  text: string;
}

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 10_000;
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Bytes of a character: the text is one-byte characters. */
const utf8 = (code: number): string => Buffer.from(String.fromCodePoint(code), 'utf8').toString('latin1');

/** Null when a reference is none of XML's own, or no character. */
function resolve(text: string): string | null {
  let bad = false;
  const resolved = text.replace(/&([^;&]{0,12});?/g, (_, reference: string) => {
    const known = Object.hasOwn(named, reference) ? named[reference] : undefined;
    if (known !== undefined) return known;
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(reference) ?? [];
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal ?? Number.NaN);
    if (Number.isNaN(code) || code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      bad = true;
      return '';
    }
    return utf8(code);
  });
  return bad ? null : resolved;
}

/** The root element; null when the document is malformed, or has what is not taken. */
export function parseXml(document: string): XmlElement | null {
  const stack: XmlElement[] = [];
  let root: XmlElement | null = null;
  let elements = 0;
  let at = 0;
  while (at < document.length) {
    const open = document.indexOf('<', at);
    const text = resolve(open < 0 ? document.slice(at) : document.slice(at, open));
    const inside = stack.at(-1);
    if (text === null) return null;
    if (inside !== undefined) inside.text += text;
    else if (text.trim() !== '') return null;
    if (open < 0) break;
    if (document.startsWith('<!--', open)) {
      const end = document.indexOf('-->', open + 4);
      if (end < 0) return null;
      at = end + 3;
      continue;
    }
    if (document.startsWith('<![CDATA[', open)) {
      const end = document.indexOf(']]>', open + 9);
      if (end < 0 || inside === undefined) return null;
      inside.text += document.slice(open + 9, end);
      at = end + 3;
      continue;
    }
    if (document.startsWith('<?', open)) {
      const end = document.indexOf('?>', open + 2);
      if (end < 0) return null;
      at = end + 2;
      continue;
    }
    const close = document.indexOf('>', open);
    if (close < 0) return null;
    const [, ending, name, empty] =
      /^<(\/?)([A-Za-z_][\w.:-]{0,63})(?:\s[^<]*?)?(\/?)>$/.exec(document.slice(open, close + 1)) ?? [];
    if (name === undefined) return null;
    at = close + 1;
    if (ending === '/') {
      if (stack.pop()?.name !== name) return null;
      continue;
    }
    if (++elements > MAX_ELEMENTS || stack.length >= MAX_DEPTH || (inside === undefined && root !== null)) return null;
    const element: XmlElement = { name, children: [], text: '' };
    if (inside === undefined) root = element;
    else inside.children.push(element);
    if (empty !== '/') stack.push(element);
  }
  return stack.length === 0 ? root : null;
}
