/**
 * What the cfg lets the parsers of this folder take beyond the grammar (cfg.y; parse_uri.c, parse_hname2.c, parse_fline.c).
 *
 * One for the process, as in Kamailio, and so the exception to state that belongs to an instance: URIs are parsed in texts
 * that no server comes with. A server that starts sets all of it; it does not change while it runs.
 */
import type { SettingValues } from '../settings.js';

interface Grammar {
  /** Char codes allowed in a host after `@`, but for its first character. */
  hostChars: ReadonlySet<number>;
  /** Char codes allowed in names of header fields. */
  headerNameChars: ReadonlySet<number>;
  /** To, From, CSeq, Call-ID and Content-Length may come again: the first one counts. */
  repeats: boolean;
  /** HTTP responses with a Via are routed as SIP ones. */
  httpResponses: boolean;
  /** A sip URI with `user=phone` is a number: parameters before its `@` are no part of the user. */
  numbers: boolean;
}

const NONE: ReadonlySet<number> = new Set();
export const grammar: Grammar = {
  hostChars: NONE,
  headerNameChars: NONE,
  repeats: false,
  httpResponses: false,
  numbers: true,
};

const codes = (text: string): ReadonlySet<number> => new Set(Buffer.from(text, 'latin1'));

type Written = Pick<
  SettingValues,
  'uri_host_extra_chars' | 'hdr_name_extra_chars' | 'sip_parser_mode' | 'http_reply_parse' | 'phone2tel'
>;
export function setGrammar(values: Written): void {
  grammar.hostChars = codes(values.uri_host_extra_chars);
  grammar.headerNameChars = codes(values.hdr_name_extra_chars);
  grammar.repeats = (values.sip_parser_mode & 1) === 0;
  grammar.httpResponses = values.http_reply_parse !== 0;
  grammar.numbers = values.phone2tel !== 0;
}
