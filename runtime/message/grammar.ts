/**
 * What the cfg lets the parsers of this folder take beyond the grammar (cfg.y; parse_uri.c, parse_hname2.c, parse_fline.c).
 *
 * A value that never changes. A server makes its own when its cfg is loaded, the messages it receives carry it, and who
 * parses a text of its own is given it: `ctx.grammar` in a run, `server.grammar` elsewhere.
 */
import type { SettingValues } from '../settings.js';

export interface Grammar {
  /** Char codes allowed in a host after `@`, but for its first character. */
  readonly hostChars: ReadonlySet<number>;
  /** Char codes allowed in names of header fields. */
  readonly headerNameChars: ReadonlySet<number>;
  /** To, From, CSeq, Call-ID and Content-Length may come again: the first one counts. */
  readonly repeats: boolean;
  /** HTTP responses with a Via are routed as SIP ones. */
  readonly httpResponses: boolean;
  /** A sip URI with `user=phone` is a number: parameters before its `@` are no part of the user. */
  readonly numbers: boolean;
}

const codes = (text: string): ReadonlySet<number> => new Set(Buffer.from(text, 'latin1'));

type Written = Pick<
  SettingValues,
  'uri_host_extra_chars' | 'hdr_name_extra_chars' | 'sip_parser_mode' | 'http_reply_parse' | 'phone2tel'
>;
export const grammarOf = (values: Written): Grammar => ({
  hostChars: codes(values.uri_host_extra_chars),
  headerNameChars: codes(values.hdr_name_extra_chars),
  repeats: (values.sip_parser_mode & 1) === 0,
  httpResponses: values.http_reply_parse !== 0,
  numbers: values.phone2tel !== 0,
});

/** Of a cfg that says nothing about it. */
export const defaultGrammar: Grammar = grammarOf({
  uri_host_extra_chars: '',
  hdr_name_extra_chars: '',
  sip_parser_mode: 1,
  http_reply_parse: 0,
  phone2tel: 1,
});
