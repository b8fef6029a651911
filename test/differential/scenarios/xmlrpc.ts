/** XML-RPC over HTTP on the SIP port. */
import { group, scenario, silent } from '../scenario.js';
import { bombs } from '../xml-bombs.js';

const post = (body: string, url = '/RPC2') =>
  `POST ${url} HTTP/1.1\r\nHost: h\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const call = (method: string, ...params: readonly string[]) =>
  `<?xml version="1.0"?>\n<methodCall><methodName>${method}</methodName><params>${params
    .map((value) => `<param><value>${value}</value></param>`)
    .join('')}</params></methodCall>`;
const asks = (slug: string, title: string, ...documents: readonly string[]) =>
  scenario(slug, title, async ({ alice, pause }) => {
    for (const document of documents) {
      await alice.raw(post(document), 'tcp');
      await pause(150);
    }
  });

export default group('xmlrpc', 'xmlrpc.cfg', [
  asks('text', 'one text', call('core.echo', '<string>a</string>')),
  asks(
    'list',
    'a list of values',
    call('core.echo', '<string>a</string>', '<int>5</int>', '<string>b &lt; c &amp; d</string>'),
  ),
  asks('untyped', 'a value without a type', call('core.echo', 'plain')),
  asks('numbers', 'numbers', call('core.printi', '<int>5</int>', '<i4>-7</i4>')),
  asks('struct', 'a structure', call('core.tcp_options')),
  asks('get', 'a parameter of the cfg framework', call('cfg.get', '<string>core</string>', '<string>debug</string>')),
  asks('absent', 'a method nobody has', call('no.such')),
  asks('fault', 'a command that refuses', call('cfg.get', '<string>none</string>', '<string>none</string>')),
  asks('type', 'a parameter of another type', call('cfg.get', '<int>5</int>', '<string>x</string>')),
  asks('reply', 'xmlrpc_reply()', call('ask.reply')),
  asks('root', 'another root', '<?xml version="1.0"?><other/>'),
  asks('nameless', 'no method', '<?xml version="1.0"?><methodCall><params/></methodCall>'),
  asks('broken', 'malformed', '<?xml version="1.0"?><methodCall><methodName>core.echo</methodName>'),
  asks('no-params', 'no params', '<?xml version="1.0"?><methodCall><methodName>core.echo</methodName></methodCall>'),
  asks(
    'comment',
    'comments and CDATA',
    '<!-- c --><methodCall><!-- d --><methodName><![CDATA[core.echo]]></methodName><params><param><value><string><![CDATA[<x>]]></string></value></param></params></methodCall>',
  ),
  ...bombs.map(({ slug, title, document }) => {
    const asked = asks(slug, title, document('methodCall'));
    return slug === 'attributes' ? silent(asked) : asked;
  }),
  silent(
    scenario('other-method', 'PUT', async ({ alice, pause }) => {
      await alice.raw('PUT /RPC2 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n', 'tcp');
      await pause(150);
    }),
  ),
]);
