import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/support/cpu.js';
import {
  append,
  childNamed,
  contentOf,
  copyNode,
  firstNamed,
  newXml,
  parseXml,
  writeNode,
  writeXml,
  XML_LIMITS,
} from './xml.js';

const rewritten = (text: string, indent = true) => {
  const doc = parseXml(text);
  return doc && writeXml(doc, indent);
};
const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('writing as libxml2 does', () => {
  it.each([
    ['no declaration', '<a><b/><c>1</c></a>', '<?xml version="1.0"?>\n<a>\n  <b/>\n  <c>1</c>\n</a>\n'],
    ['text beside elements is not indented', '<a> <b><c/></b></a>', '<?xml version="1.0"?>\n<a> <b><c/></b></a>\n'],
    ['UTF-8 stays', bytes('<?xml version="1.0" encoding="UTF-8"?><a>é</a>'), bytes('<?xml version="1.0" encoding="UTF-8"?>\n<a>é</a>\n')],
    ['references without an encoding', bytes('<a b="ü">é</a>'), '<?xml version="1.0"?>\n<a b="&#xFC;">&#xE9;</a>\n'],
    ['ISO-8859-1', '<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9&#x20AC;</a>', '<?xml version="1.0" encoding="iso-8859-1"?>\n<a>\xe9&#8364;</a>\n'],
    ['namespaces come first', '<a x="1" xmlns:p="u"><p:b p:c="2"/></a>', '<?xml version="1.0"?>\n<a xmlns:p="u" x="1">\n  <p:b p:c="2"/>\n</a>\n'],
    ['escapes', '<a b="&lt;&quot;&#10;&amp;">&gt;&amp;"</a>', '<?xml version="1.0"?>\n<a b="&lt;&quot;&#10;&amp;">&gt;&amp;"</a>\n'],
    ['comments and CDATA', '<!--x--><a><![CDATA[<]]></a><?pi y?>', '<?xml version="1.0"?>\n<!--x-->\n<a><![CDATA[<]]></a>\n<?pi y?>\n'],
  ])('%s', (_name, text, expected) => expect(rewritten(text)).toBe(expected)); // biome-ignore format: rows
});

describe('what is refused', () => {
  const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
  it.each([
    ['nothing', ''],
    ['no XML', 'Messages-Waiting: yes'],
    ['an open element', '<a><b></a>'],
    ['two roots', '<a/><b/>'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['an attribute without quotes', '<a b=1/>'],
    ['an entity nobody declared', '<a>&x;</a>'],
    ['a document type', '<!DOCTYPE a><a/>'],
    ['entities in entities', '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'],
    ['a prefix nobody declared', '<p:a/>'],
    ['bytes that are not UTF-8', '<a>\xff</a>'],
    ['an encoding that is not read', '<?xml version="1.0" encoding="UTF-16"?><a/>'],
    ['depth', nested(XML_LIMITS.depth + 1)],
    ['a comment without an end', '<a><!-- </a>'],
  ])('%s', (_name, text) => expect(parseXml(text)).toBeNull()); // biome-ignore format: rows

  it('takes what is just within the limits', () => {
    expect(parseXml(nested(XML_LIMITS.depth))).not.toBeNull();
    expect(parseXml(`<a>${'<b/>'.repeat(XML_LIMITS.elements - 1)}</a>`)).not.toBeNull();
    expect(parseXml(`<a>${'<b/>'.repeat(XML_LIMITS.elements)}</a>`)).toBeNull();
  });
  it('refuses size, depth and quotes without an end in one pass', () => {
    const hostile = [
      `<a>${' '.repeat(XML_LIMITS.sizeBytes)}</a>`,
      '<a b="'.repeat(40_000),
      '<'.repeat(XML_LIMITS.sizeBytes),
      '<a>'.repeat(80_000),
      '<!--'.repeat(60_000),
      `<a ${'b="" '.repeat(50_000)}`,
    ];
    for (const text of hostile) {
      const cost = cpuMs(200, () => expect(parseXml(text)).toBeNull());
      expect(cost).toBeLessThan(200);
    }
  });
});

describe('moving nodes', () => {
  it('a copy declares the prefixes it uses', () => {
    const doc = parseXml('<a xmlns="u" xmlns:p="v" xmlns:q="w"><b><p:c p:d="1"/></b></a>');
    const b = doc && childNamed(doc.documentElement!, 'b');
    const target = newXml('r', { z: '1' });
    append(target.documentElement!, copyNode(b!));
    expect(writeXml(target, false)).toBe(
      '<?xml version="1.0"?>\n<r z="1"><b xmlns="u" xmlns:p="v"><p:c p:d="1"/></b></r>\n',
    );
  });
  it('text joins text', () => {
    const doc = parseXml('<a>x</a>');
    const other = parseXml('<b>y</b>');
    append(doc!.documentElement!, copyNode(other!.documentElement!.firstChild!));
    expect(doc!.documentElement!.childNodes.length).toBe(1);
    expect(writeNode(doc!.documentElement!)).toBe('<a>xy</a>');
  });
  it('names are found without case and prefix, in document order', () => {
    const doc = parseXml('<a xmlns:p="u"><x><p:State>1</p:State></x><state>2</state></a>');
    expect(contentOf(firstNamed(doc!.firstChild, 'state')!)).toBe('1');
    expect(contentOf(childNamed(doc!.documentElement!, 'state')!)).toBe('2');
  });
});
