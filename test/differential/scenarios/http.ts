/** HTTP on the SIP port and the opening of a WebSocket (RFC 7118 §4.1). */
import { group, scenario, silent } from '../scenario.js';

/** Sends these requests, one after the other, over one connection. */
const http = (slug: string, title: string, ...requests: readonly string[]) =>
  scenario(slug, title, async ({ alice, pause }) => {
    for (const text of requests) {
      await alice.raw(text, 'tcp');
      await pause(150);
    }
  });
const get = (url: string, more: readonly string[] = [], version = '1.1') =>
  [`GET ${url} HTTP/${version}`, 'Host: sip.example.com', ...more, '', ''].join('\r\n');
const rpc = (json: string) =>
  `POST /RPC HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`;
const opening = {
  upgrade: 'Upgrade: websocket',
  connection: 'Connection: Upgrade',
  key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  origin: 'Origin: http://www.example.com',
  protocol: 'Sec-WebSocket-Protocol: sip',
  version: 'Sec-WebSocket-Version: 13',
};
const shake = (change: Partial<Record<keyof typeof opening | 'more', string>> = {}) =>
  get(
    '/chat',
    Object.values({ ...opening, ...change }).filter((line) => line !== ''),
  );

export default group('http', 'http.cfg', [
  http('get', 'a request and its answer', get('/a?b=c')),
  http('two', 'two requests on one connection', get('/first'), get('/second', [], '1.0')),
  http('post', 'a body', 'POST /p HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'),
  http('silent', 'the route answers nothing', get('/silent')),
  http('empty', 'neither type nor body', get('/empty')),
  http('close', 'set_reply_close()', get('/close')),
  http(
    'rpc',
    'jsonrpc_dispatch(): a command',
    rpc('{"jsonrpc": "2.0", "method": "jsonrpc.echo", "params": ["a", 7], "id": 1}'),
  ),
  http(
    'rpc-fault',
    'a command that fails',
    rpc('{"jsonrpc": "2.0", "method": "cfg.get", "params": ["a", "b"], "id": "x"}'),
  ),
  http('rpc-unknown', 'no such command', rpc('{"jsonrpc": "2.0", "method": "no.such", "id": 2}')),
  http('rpc-odd', 'no version', rpc('{"method": "jsonrpc.echo", "id": 2}')),
  http('rpc-bad', 'no JSON', rpc('{"jsonrpc": ')),
  silent(http('skipped', 'a URL left to others', get('/skip/this'))),
  http('handshake', 'a handshake', shake()),
  http('handshake-many', 'several sub-protocols offered', shake({ protocol: 'Sec-WebSocket-Protocol: chat, sip' })),
  http(
    'handshake-case',
    'words in other letters',
    shake({ upgrade: 'upgrade: WebSocket', connection: 'connection: keep-alive, UPGRADE' }),
  ),
  http('no-origin', 'no Origin', shake({ origin: '' })),
  http('no-protocol', 'no sub-protocol', shake({ protocol: '' })),
  http('other-protocol', 'a sub-protocol that is not ours', shake({ protocol: 'Sec-WebSocket-Protocol: chat' })),
  http('no-key', 'no key', shake({ key: '' })),
  http('two-keys', 'two keys', shake({ more: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' })),
  http('old-version', 'an older version', shake({ version: 'Sec-WebSocket-Version: 8' })),
  http('no-version', 'no version', shake({ version: '' })),
  http('no-connection', 'no Connection', shake({ connection: '' })),
  scenario(
    'conid',
    'SIP over a WebSocket: $ws_conid',
    async ({ alice, uri }) => {
      await alice.request('OPTIONS', uri('ws'));
      await alice.receives(200);
    },
    { ws: ['alice'] },
  ),
  scenario('disabled', 'ws.disable and ws.enable', async ({ alice, pause, rpc }) => {
    await rpc('ws.disable');
    await alice.raw(shake(), 'tcp');
    await pause(150);
    await rpc('ws.enable');
    await rpc('ws.dump');
    await rpc('ws.close', '77777');
  }),
]);
