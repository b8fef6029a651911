import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { double } from '../../runtime/sdk/index.js';
import { cpuMs } from '../../test/support/cpu.js';
import { faultText, readCall } from './call.js';
import { parseXml } from './xml.js';

const call = (inner: string) => `<methodCall><methodName>m</methodName><params>${inner}</params></methodCall>`;
const value = (inner: string) => call(`<param><value>${inner}</value></param>`);
const plain = { doubleLfToCrlf: false };

describe('calls', () => {
  test.each<[string, unknown]>([
    ['<string>a &amp;&#x20;b</string>', 'a & b'],
    ['bare', 'bare'],
    ['<int> -5 </int>', -5],
    ['<i4>7</i4>', 7],
    ['<boolean>1</boolean>', true],
    ['<double>1.5</double>', double(1.5)],
    ['<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>', 900_684_535],
    ['<string>&#233;</string>', '\xc3\xa9'],
  ])('%s', (inner, expected) => expect(readCall(value(inner), plain)).toEqual({ method: 'm', params: [expected] }));
  test.each([
    ['<int>x</int>', 'Invalid parameter value'],
    ['<base64>eA==</base64>', 'Invalid parameter value'],
    ['<string>&none;</string>', 'Invalid XML-RPC Document'],
    ['<string>&#0;</string>', 'Invalid XML-RPC Document'],
  ])('%s is refused', (inner, problem) => expect(readCall(value(inner), plain)).toBe(problem));
  it('two line feeds', () =>
    expect(readCall(value('a\n\nb'), { doubleLfToCrlf: true })).toEqual({ method: 'm', params: ['a\r\nb'] }));
});

describe('hostile documents', () => {
  const bomb = `<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">${'<!ENTITY b "&a;&a;&a;&a;">'.repeat(50)}]>${value('&b;')}`;
  test.each<[string, string]>([
    ['entities of their own', bomb],
    ['an external entity', `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${value('&x;')}`],
    ['deep nesting', '<a>'.repeat(100_000)],
    ['deep nesting that ends', `${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}`],
    ['many elements', `<a>${'<b/>'.repeat(20_000)}</a>`],
    ['two roots', '<a/><b/>'],
    ['text outside', 'x<a/>'],
    ['crossed ends', '<a><b></a></b>'],
    ['an open comment', '<a><!-- '],
    ['a long name', `<${'a'.repeat(1000)}/>`],
  ])('%s', (_title, document) => {
    const cost = cpuMs(500, () => expect(parseXml(document)).toBeNull());
    expect(cost).toBeLessThan(500);
  });
  it('no text breaks the reader', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('<a', '<', '>', '/>', '</a>', '&', ';', '<!--', '-->', ']]>', 'x', '"', ' ')),
        (parts) => void parseXml(parts.join('')),
      ),
    );
  });
});

it('a fault is escaped', () =>
  expect(faultText(400, '<&\r', { escapeCr: true })).toContain('<string>&lt;&amp;&#xD;</string>'));
