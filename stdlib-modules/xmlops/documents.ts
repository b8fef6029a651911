/** Documents a run holds by name: read and written by XPath (pv_xml.c). */
import xpath from 'xpath';
import {
  type Attr,
  type Document,
  isElement,
  type Node,
  NodeType,
  parseXml,
  writeNode,
  writeXml,
} from '../../runtime/sdk/xml.js';

/** As text, or a node set; what else an expression gives counts as an empty text. */
const isNodes = (value: unknown): value is Node[] => Array.isArray(value);
const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const toText = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

export class XmlDocument {
  private parsed: Document | null = null;
  private changed = false;

  constructor(private text: string) {}

  /** Null when it has become longer than `limit`. */
  whole(limit: number): string | null {
    if (this.parsed === null || !this.changed) return this.text;
    const written = writeXml(this.parsed, false);
    return written.length > limit ? null : written;
  }
  /** What the expression finds, commas between; null: the document or the expression cannot be read. */
  select(expression: string, namespaces: Readonly<Record<string, string>>): string | null {
    const nodes = this.find(expression, namespaces);
    return nodes === null ? null : nodes.map(shown).join(',');
  }
  /** Puts a content in place of that of every node found. False as above. */
  assign(expression: string, namespaces: Readonly<Record<string, string>>, value: string): boolean {
    const nodes = this.find(expression, namespaces);
    if (nodes === null) return false;
    const content = decoded(toText(value));
    // Inner nodes first: outer ones take them away.
    for (const node of nodes.reverse()) setContent(node, content);
    this.changed = true;
    return true;
  }

  private find(expression: string, namespaces: Readonly<Record<string, string>>): Node[] | null {
    this.parsed ??= parseXml(this.text);
    if (this.parsed === null) return null;
    try {
      const found: unknown = xpath.useNamespaces(namespaces)(toText(expression), this.parsed as never);
      return isNodes(found) ? found : [];
    } catch {
      // As Kamailio does: what was changed is lost with the document.
      this.parsed = null;
      this.changed = false;
      return null;
    }
  }
}
const shown = (node: Node): string =>
  isElement(node) || node.nodeType === NodeType.document ? writeNode(node) : toBytes(node.nodeValue ?? '');

function setContent(node: Node, content: string): void {
  if (isElement(node)) node.textContent = content;
  else if (node.nodeType === NodeType.attribute) (node as Attr).value = content;
  else node.nodeValue = content;
}
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** Character references of a content to be put in. */
function decoded(content: string): string {
  return content.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[String(name)] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
