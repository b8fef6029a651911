/** Global parameters of the message parser: what it takes beyond the grammar. runtime/message/grammar.ts reads them. */
import { int, str } from './spec.js';

export const parserSettings = {
  phone2tel: int(
    1,
    'A sip URI with `user=phone` is a number: parameters before its `@` are no part of the user; 0: no.',
  ),
  uri_host_extra_chars: str('', 'Characters that hosts of URIs may have too, after their first one.'),
  hdr_name_extra_chars: str('', 'Characters that names of header fields may have too.'),
  http_reply_parse: int(0, '1: HTTP responses with a Via are routed as SIP ones.'),
  sip_parser_mode: int(1, '0: To, From, CSeq, Call-ID and Content-Length may come again, the first one counts.'),
} as const;
