import { expect, test } from 'vitest';
import { RpcArray, RpcStruct } from '../../runtime/sdk/index.js';
import { groupsOf, page } from './page.js';

const groups = groupsOf(['b.two', 'a.one', 'b.one', 'plain', '.x']);
const place = { root: 'rpc', groups, group: null, command: null };

test('commands by group', () => {
  expect([...groups]).toEqual([
    ['a', ['a.one']],
    ['b', ['b.one', 'b.two']],
  ]);
});
test('text of others is no markup', () => {
  const results = ['<script>', new RpcStruct({ '"><b>': "'&'" })];
  const shown = page({ ...place, group: 'a', command: 'a.one' }, 'x (y)', { code: 200, reason: '<i>', results });
  expect(shown).toContain('<pre>&lt;script&gt;<br/>&quot;&gt;&lt;b&gt;: &#39;&amp;&#39;<br/></pre>');
  expect(shown).toContain('200: &lt;i&gt;');
});
test('what is inside stands behind tabs', () => {
  const inner = new RpcStruct({ n: 1, list: new RpcArray([2, true, null]) });
  const shown = page({ ...place, group: 'a', command: 'a.one' }, 'x', {
    code: 200,
    reason: 'OK',
    results: [new RpcStruct({ inner })],
  });
  expect(shown).toContain('<pre>inner: <br/>\tn: 1<br/>\tlist: <br/>2<br/>1<br/><br/></pre>');
});
test('links and the form', () => {
  const menu = page({ ...place, group: 'b' }, 'x', null);
  expect(menu.match(/href="[^"]*"/g)).toEqual([
    'href="/rpc/a"',
    'href="/rpc/b"',
    'href="/rpc/b/b.one"',
    'href="/rpc/b/b.two"',
  ]);
  expect(menu).not.toContain('<form');
  expect(page({ ...place, root: '', group: 'b', command: 'b.two' }, 'x', null)).toMatch(/"\/b\/b.two".*<form/);
});
