/** Misspelled pseudo-variables, their inner names, transformations and selects: one diagnostic each, which names the nearest. */
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { check } from '../../compiler/index.js';

const real = await createNodeHost();
const modules = ['tm', 'sl', 'pv', 'kex', 'tmx', 'textops', 'textopsx', 'siputils', 'tls', 'dialog', 'xlog']
  .map((name) => `loadmodule "${name}.so"`)
  .join(' ');

/** What is said of a text in a log line. Without `#!KAMAILIO` an unknown `$name` alone would be an AVP. */
function said(text: string): string[] {
  const cfg = `#!KAMAILIO\n${modules}\nrequest_route {\n\txlog("${text}\\n");\n}\n`;
  const host = { ...real, readFile: () => ({ text: cfg }), resolve: (_from: string, path: string) => path };
  return check(host, 'case.cfg', { lint: false }).diagnostics.map((d) => `${d.code} ${d.message}; ${d.fix ?? ''}`);
}
type Rows = readonly (readonly [text: string, expected: string])[];
/** Each text has one mistake, and `expected` stands in what is said of it. */
const table = (title: string, code: string, rows: Rows, expected: (near: string) => string) =>
  describe(title, () => {
    it.each(rows)('%s', (text, near) => {
      const all = said(text);
      expect(all).toHaveLength(1);
      expect(all[0]).toContain(code);
      expect(all[0]).toContain(expected(near));
    });
  });

table(
  'names of pseudo-variables',
  'SIPC3006',
  [
    ['$rUU', 'rU'],
    ['$fUU', 'fU'],
    ['$src_pi', 'src_ip'],
    ['$T_branch_ixd', 'T_branch_idx'],
    ['$T_repl_code', 'T_reply_code'],
    ['$hrd(Via)', 'hdr'],
    ['$xvap(a=>b)', 'xavp'],
    ['$tls_version_', 'tls_version'],
    ['$dlg_vra(x)', 'dlg_var'],
    ['$(ruri.usre{s.len})', 'ruri.user'],
  ],
  (near) => `did you mean $${near}?`,
);

table(
  'names in brackets',
  'SIPC4',
  [
    ['$rcv(prto)', 'proto'],
    ['$snd(sprot)', 'sproto'],
    ['$sndto(prot)', 'port'],
    ['$branch(dst_urii)', 'dst_uri'],
    ['$sbranch(send_sokcet)', 'send_socket'],
    ['$T(reply_cod)', 'reply_code'],
    ['$T_branch(flag)', 'flags'],
    ['$K(TCPP)', 'TCP'],
    ['$time(yer)', 'year'],
    ['$tls(p_subjet_line)', 'p_subject_line'],
  ],
  (near) => `did you mean ${near}?`,
);

table(
  'transformations',
  'SIPC3012',
  [
    ['$(ru{s.lenn})', 's.len'],
    ['$(ru{s.sbustr,0,1})', 's.substr'],
    ['$(ru{s.tolowr})', 's.tolower'],
    ['$(ru{s.encode.hexaa})', 's.encode.hexa'],
    ['$(ru{uri.hots})', 'uri.host'],
    ['$(ru{param.valu,x})', 'param.value'],
    ['$(hdr(From){nameaddr.urii})', 'nameaddr.uri'],
    ['$(hdr(To){tobody.usr})', 'tobody.user'],
    ['$(rb{line.cuont})', 'line.count'],
    ['$(ru{urialias.encod})', 'urialias.encode'],
  ],
  (near) => `did you mean {${near}}?`,
);

table(
  'classes of transformations',
  'SIPC3012',
  [
    ['$(ru{str.len})', 's.len'],
    ['$(ru{S.len})', 's.len'],
    ['$(ru{ur.user})', 'uri.user'],
    ['$(ru{urii.host})', 'uri.host'],
    ['$(ru{params.count})', 'param.count'],
    ['$(ru{naemaddr.uri})', 'nameaddr.uri'],
    ['$(ru{tobdoy.tag})', 'tobody.tag'],
    ['$(rb{lin.at,0})', 'line.at'],
    ['$(ru{urlalias.decode})', 'urialias.decode'],
    ['$(ru{sq.val})', 'sql.val'],
  ],
  (near) => `did you mean {${near}}?`,
);

table(
  'selects',
  'SIPC3015',
  [
    ['$sel(ruri.usr)', 'ruri.user'],
    ['$sel(form.uri)', 'from.uri'],
    ['$sel(from.uri.hots)', 'from.uri.host'],
    ['$sel(cseq.nmu)', 'cseq.num'],
    ['$sel(via.brnach)', 'via.branch'],
    ['$sel(contact.uri.prot)', 'contact.uri.port'],
    ['$sel(recived.ip)', 'received.ip'],
    ['$sel(tls.peer.subject.comonName)', 'tls.peer.subject.commonName'],
    ['$sel(tls.pear.verified)', 'tls.peer.verified'],
    ['$sel(max_forwrds)', 'max_forwards'],
  ],
  (near) => `did you mean @${near}?`,
);

describe('names newer than the version that is followed', () => {
  it.each([
    [
      '$(ru{json.parsex,x})',
      'SIPC3013 sipc does not have the transformation {json.parsex} yet, which Kamailio has since 6.1',
    ],
    ['$(ru{json.parse,x})', 'SIPC3013 sipc does not have the transformation {json.parse} yet'],
    ['$sel(timer.executed)', 'SIPC3016 sipc does not have the select @timer.executed yet'],
  ])('%s', (text, expected) => {
    const all = said(text);
    expect(all).toHaveLength(1);
    expect(all[0]!.startsWith(expected)).toBe(true);
  });
});
