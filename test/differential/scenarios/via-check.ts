/** `check_via`: responses whose first Via is not ours. */
import { generated, scenario } from '../scenario.js';

const cfg = `#!KAMAILIO
debug=2
log_stderror=yes
auto_aliases=no
check_via=yes
alias=proxy.example.com
loadmodule "pv.so"
loadmodule "xlog.so"
request_route { exit; }
reply_route { xlog("L_ERR", "$rs $(hdr(Via)[0]{s.select,1, }{s.select,0,;})\\n"); }
`;
/** Bob answers what nobody asked, through `via`. */
const through = (slug: string, title: string, via: string, arrives: boolean) =>
  scenario(slug, title, async ({ alice, bob, pause }) => {
    await bob.raw(
      [
        'SIP/2.0 200 OK',
        `Via: SIP/2.0/UDP ${via};branch=z9hG4bK-${slug}`,
        'Via: SIP/2.0/UDP 127.0.0.1:22000;branch=z9hG4bK-alice',
        `From: <sip:alice.${slug}@example.com>;tag=1`,
        `To: <sip:bob.${slug}@example.com>;tag=2`,
        `Call-ID: call-${slug}`,
        'CSeq: 1 MESSAGE',
        'Content-Length: 0',
        '\r\n',
      ].join('\r\n'),
    );
    if (arrives) await alice.receives(200);
    else await pause(150);
  });

export default generated('via-check', cfg, [
  through('own', 'ours: passed on', '127.0.0.1:21700', true),
  through('alias', 'a name of ours', 'proxy.example.com', true),
  through('port', 'our address with another port', '127.0.0.1:21999', false),
  through('foreign', 'another host', '192.0.2.9', false),
]);
