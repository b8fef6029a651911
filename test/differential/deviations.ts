/**
 * Scenarios where sipc differs on purpose. Each needs its row in docs/deviations.md; `shows` is a line of the comparison that has to be
 * there, so that any other difference still fails. A scenario that no longer differs fails until its row here is removed.
 */
export const deviations: Readonly<Record<string, { readonly shows: string; readonly row: string }>> = {
  'rfc4475/esc02': { shows: 'S SIP/2.0 403 Not relaying', row: 'a header field name with' },
  'rfc4475/intmeth': { shows: 'S SIP/2.0 403 Not relaying', row: 'a header field name with' },
  'rfc4475/wsinv': { shows: 'S SIP/2.0 100 trying -- your call is important to us', row: 'a folded CSeq' },
  'stock-requests/folded-cseq': { shows: 'S MESSAGE sip:bob@127.0.0.1:22010 SIP/2.0', row: 'a folded CSeq' },
  'rfc4475/novelsc': { shows: 'S SIP/2.0 400 Bad Request URI', row: 'a Request-URI that cannot be parsed' },
  'rfc4475/unkscm': { shows: 'S SIP/2.0 400 Bad Request URI', row: 'a Request-URI that cannot be parsed' },
  ...Object.fromEntries(
    ['rr', 'rr-full', 'rr-bare'].flatMap((group) => [
      [`${group}/remove`, { shows: 'K ;lr', row: 'remove_record_route()' }],
      [`${group}/failure`, { shows: group === 'rr-bare' ? 'K Record-Route' : 'K ;lr', row: 'remove_record_route()' }],
      [`${group}/spaced`, { shows: 'S Route: <sip:127.0.0.1:21700;lr ;ftag = f1>', row: 'a blank within a URI' }],
    ]),
  ),
  'textops-steps/unparsed': { shows: 'S Content-Length: 24', row: 'a change in the body before the last header field' },
  'xlog/placed': {
    shows: '[OPTIONS call-1-placed] 26:at ERR placed',
    row: '`xlogl()` and `xdbgl()` with `prefix_mode=1`',
  },
  ...Object.fromEntries(
    ['sl', 'sl-unbound'].map((group) => [
      `${group}/text-code`,
      { shows: 'S SIP/2.0 404 A text', row: 'a pseudo-variable that holds digits as text' },
    ]),
  ),
  'presence/outside': { shows: 'S SIP/2.0 415 Unsupported media type', row: 'XML bodies with a document type' },
  'xmlrpc/outside': { shows: '<int>400</int>', row: 'XML-RPC documents with a document type' },
  'xml/outside': { shows: 'S NOTICE: <script>: basic [<null>]', row: 'XML bodies with a document type' },
  'acc/now': { shows: 'to_tag=;call_id=call-1-now', row: '`acc_log_request()` without a To tag' },
  'acc-other/now': { shows: 'to_tag=;call_id=call-1-now', row: '`acc_log_request()` without a To tag' },
  'acc-other/cancelled': { shows: 'to_tag=;call_id=call-1-cancelled', row: '`acc_log_request()` without a To tag' },
  'rtpengine/empty': {
    shows: 'S ERROR: <script>: verdict -1 at udp:127.0.0.1:22060',
    row: 'an xlog text that does not end in `\\n`',
  },
  'rtpengine/next-full': {
    shows: 'S ERROR: <script>: verdict 1 at udp:127.0.0.1:22050',
    row: 'an xlog text that does not end in `\\n`',
  },
  'sdpops/version-long': {
    shows: 'S o=alice 2890844526 3724394401 IN IP4 10.0.0.5',
    row: '`$sdp(sess_version)` above 31 bits',
  },
  'settings-mixed/table': { shows: 'S NOTICE: <script>: goes on 1', row: '`sht_setxi()`' },
  'xcap/fetched': { shows: 'S Subscription-State: active;expires=600', row: 'presence rules in an XCAP server' },
  'xml/long': { shows: 'K NOTICE: <script>: doc [23]', row: '`$xml(x=>…)`' },
  'hostile-sqlite/names': { shows: 'S SIP/2.0 500 Server Internal Error', row: 'db_sqlite: a text that is no UTF-8' },
  'msilo/larger': { shows: 'S ERROR: <script>: store 1', row: '`sql_buffer_size`' },
  'presence/event-id': { shows: 'S SIP/2.0 200 OK', row: '`id` in Event' },
  'presence-memory/life': { shows: 'K Content-Length: 0', row: 'a PUBLISH without a body, with `publ_cache` 2' },
  'stock-requests/unknown-scheme': {
    shows: 'S SIP/2.0 400 Bad Request URI',
    row: 'a Request-URI that cannot be parsed',
  },
};
