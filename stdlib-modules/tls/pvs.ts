/** `$tls_…` and `@tls.…`, made from the table in reads.ts. */
import type { PvSpec, RouteContext, SelectSpec } from '../../runtime/sdk/index.js';
import type { AltName, NamePart } from './certificate.js';
import * as reads from './reads.js';
import type { ProblemName, Side } from './session.js';
import type { TlsState } from './state.js';

interface Me {
  readonly state: TlsState;
}
type Pv = PvSpec<Me, RouteContext>;

const pv = (doc: string, read: reads.Read, more: Partial<Pick<Pv, 'type' | 'index'>> = {}): Pv => ({
  doc,
  type: 'str',
  ...more,
  get: (me, ctx, _key, index) => read(me.state.sessions, ctx, typeof index === 'number' ? index : 0),
});

const sides: readonly (readonly [Side, string])[] = [
  ['peer', "the peer's certificate"],
  ['my', 'our certificate'],
];
const parts: readonly (readonly [suffix: string, part: NamePart, of: readonly ('subject' | 'issuer')[]])[] = [
  ['cn', 'CN', ['subject', 'issuer']],
  ['locality', 'L', ['subject', 'issuer']],
  ['country', 'C', ['subject', 'issuer']],
  ['state', 'ST', ['subject', 'issuer']],
  ['organization', 'O', ['subject', 'issuer']],
  ['unit', 'OU', ['subject', 'issuer']],
  ['uid', 'UID', ['subject']],
];
const alts: readonly (readonly [suffix: string, kind: AltName])[] = [
  ['email', 'email'],
  ['hostname', 'DNS'],
  ['uri', 'URI'],
  ['ip', 'IP Address'],
];

function certificatePvs(): Record<string, Pv> {
  const made: Record<string, Pv> = {};
  for (const [side, whose] of sides) {
    const add = (name: string, doc: string, read: reads.Read, more?: Partial<Pick<Pv, 'type' | 'index'>>) => {
      made[`tls_${side}_${name}`] = pv(`${doc} of ${whose}.`, read, more);
    };
    add('raw_cert', 'PEM text', reads.simple(side, 'pem'));
    add('urlencoded_cert', 'PEM text, URL-encoded,', reads.urlencoded(side));
    add('version', 'X.509 version, from 0,', reads.simple(side, 'version'), { type: 'any' });
    add('serial', 'Serial number, decimal,', reads.simple(side, 'serial'), { type: 'any' });
    for (const of of ['subject', 'issuer'] as const) add(of, `Always $null: name the part of the ${of}`, reads.nothing);
    for (const [suffix, part, of] of parts)
      for (const which of of) add(`${which}_${suffix}`, `${part} of the ${which}`, reads.part(side, which, part));
    made[`tls_${side}_san_count`] = {
      doc: `How many alternative names of this kind ${whose} has.`,
      type: 'int',
      key: { use: 'req', values: Object.keys(reads.countedWords) },
      get: (me, ctx, key) => reads.altCount(side, reads.countedWords[key]!)(me.state.sessions, ctx, 0),
    };
    for (const [suffix, kind] of alts)
      add(`san_${suffix}`, `Alternative name (${kind})`, reads.alt(side, kind), { index: true });
  }
  return made;
}
const asked = (name: ProblemName, doc: string) => pv(doc, reads.problem(name), { type: 'int' });

const lines: Readonly<Record<string, reads.Read>> = {
  m_issuer_line: reads.line('my', 'issuer'),
  m_subject_line: reads.line('my', 'subject'),
  p_issuer_line: reads.line('peer', 'issuer'),
  p_subject_line: reads.line('peer', 'subject'),
};

export const pvs: Readonly<Record<string, Pv>> = {
  tls_version: pv('Protocol of the connection: `TLSv1.3`.', reads.version),
  tls_description: pv('Cipher and protocol in one line.', reads.description),
  tls_cipher_info: pv('Name of the cipher.', reads.cipher),
  tls_cipher_bits: pv('Bits of the cipher.', reads.bits, { type: 'int' }),
  ...certificatePvs(),
  tls_peer_verified: asked('verified', '1 when the peer showed a certificate that was verified.'),
  tls_peer_revoked: asked('revoked', '1 when the certificate is on a revocation list.'),
  tls_peer_expired: asked('expired', '1 when the certificate has expired.'),
  tls_peer_selfsigned: asked('selfsigned', '1 when the certificate is signed by itself and not known.'),
  tls_peer_notBefore: pv("When the peer's certificate begins to hold.", reads.simple('peer', 'notBefore')),
  tls_peer_notAfter: pv("When the peer's certificate ends.", reads.simple('peer', 'notAfter')),
  tls_peer_server_name: pv('Server name the client asked for.', reads.serverName),
  tls: {
    doc: 'Subject and issuer in one line: `p_…` of the peer, `m_…` of our certificate.',
    type: 'str',
    key: { use: 'req', values: Object.keys(lines) },
    get: (me, ctx, key) => lines[key]?.(me.state.sessions, ctx, 0) ?? null,
  },
};

type Select = SelectSpec<Me, RouteContext>;
/** Without a value `@path` is the empty text. */
const select = (doc: string, read: reads.Read): Select => ({
  doc,
  get: (me, ctx) => read(me.state.sessions, ctx, 0) ?? undefined,
});
const certificateWords = [
  ...Object.keys(reads.altWords),
  ...Object.keys(reads.problemWords),
  'version', 'sn', 'serialNumber', 'serial_number', 'notBefore', 'not_before', 'notAfter', 'not_after',
  'rawCert', 'raw_cert', 'URLEncodedCert', 'urlencoded_cert', 'subject', 'subj', 'issuer',
]; // biome-ignore format: one list

function certificateSelects(): Record<string, Select> {
  const made: Record<string, Select> = {};
  for (const word of ['peer', 'my', 'me', 'myself']) {
    const side: Side = word === 'peer' ? 'peer' : 'my';
    const add = (...words: string[]) => {
      const read = reads.certificateRead(side, words);
      if (read)
        made[['tls', word, ...words].join('.')] = select(`${words.join(' ')} of the certificate (${side}).`, read);
    };
    add();
    // Whichever side is named, it is the chain of the peer's.
    made[`tls.${word}.verified_cert_chain.#`] = {
      doc: "PEM text of a certificate in the chain that verified the peer's, which is number 0.",
      get: (me, ctx, path) => reads.verifiedChain(me.state.sessions, ctx, Number(path[3])) ?? undefined,
    };
    made[`tls.${word}.count.*`] = {
      doc: `How many alternative names of a kind, as EMAIL, DNS, URI or IP, the certificate has (${side}).`,
      get(me, ctx, path) {
        const asked = Object.entries(reads.countedWords).find(([name]) => String(path[3]).startsWith(name));
        return asked === undefined ? null : String(reads.altCount(side, asked[1])(me.state.sessions, ctx, 0) ?? 0);
      },
    };
    for (const name of certificateWords) add(name);
    for (const name of ['subject', 'subj', 'issuer']) for (const part of Object.keys(reads.partWords)) add(name, part);
  }
  return made;
}

export const selects: Readonly<Record<string, Select>> = {
  tls: select('Cipher and protocol.', reads.description),
  'tls.version': select('Protocol of the connection.', reads.version),
  'tls.desc': select('Cipher and protocol.', reads.description),
  'tls.description': select('Cipher and protocol.', reads.description),
  'tls.cipher': select('Name of the cipher.', reads.cipher),
  'tls.cipher.bits': select('Bits of the cipher.', reads.bits),
  'tls.serverName': select('Server name asked for.', reads.serverName),
  'tls.server_name': select('Server name asked for.', reads.serverName),
  ...certificateSelects(),
};
