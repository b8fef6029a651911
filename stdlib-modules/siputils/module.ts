/**
 * Questions about messages and URIs, and small changes to URIs. Many functions that have little to do with each other: each
 * stands whole beside its name.
 */
import {
  type AuthorizedApi,
  defineModule,
  equalsIgnoreCase,
  HeaderId,
  headerId,
  Method,
  opt,
  type PvRef,
  parseNameAddr,
  parseUri,
  pv,
  pvWritable,
  type RouteContext,
  shaped,
  str,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { type ChargingVector, handleVector, vectorKeys, vectorOf } from './charging.js';
import {
  decodeContactHeader,
  decodeParam,
  decodeParamOfRequestUri,
  decodeRequestUri,
  encodeContact,
  encodeParam,
  encodeParamWithAlias,
  hasContactParam,
  removeParam,
} from './contacts.js';
import {
  asVerdict,
  compareAors,
  compareUris,
  isAlphaNum,
  isE164,
  isTelNumber,
  onlyDigits,
  telToSip,
  telToSipSorted,
  withHost,
  withoutParam,
  withParam,
  withUser,
} from './uris.js';

/** What this module needs of sl. */
interface SlApi {
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
}

interface State {
  /** Number of the next charging vector. */
  readonly vectors: { value: number };
}

/** Codes below -4 tell which part of a URI was missing, as Kamailio's do. */
const codes = {
  1: 'done',
  [-1]: 'no such header field, or malformed',
  [-2]: 'no host in it, or too long',
  [-3]: 'a password without a user',
  [-4]: 'malformed Contact',
  [-22]: 'no scheme',
  [-23]: 'no host',
  [-24]: 'too many parts',
  [-25]: 'no scheme',
  [-26]: 'too few parts',
  [-509]: 'not a sip URI',
} as const;

const separatorOf = (params: { readonly contact_flds_separator: string }) =>
  params.contact_flds_separator.charAt(0) || '*';

/** Text in the AVP that a parameter names. */
function callerUri(ctx: RouteContext, avp: string): string | null {
  const name = /^\$avp\((?:s:)?([^)]+)\)$/.exec(avp)?.[1];
  const value = name === undefined ? null : ctx.avps.get(name);
  return typeof value === 'string' && value !== '' ? value : null;
}

const yes = { 1: 'yes', [-1]: 'no' } as const;
const order = { 1: 'the same', [-1]: 'different', [-2]: 'one of them is malformed' } as const;
const changed = { 1: 'done', [-1]: 'malformed URI, or nothing to write' } as const;

function setRequestUri(ctx: RouteContext, uri: string | null): Verdict {
  if (uri === null) return -1;
  ctx.draft.uri = uri;
  return 1;
}

/** `uri_param()`: names compare with case; without a value to compare, the parameter must have none. */
function hasParam(ctx: RouteContext, name: string, value: string | undefined): Verdict {
  const param = ctx.requestUri?.ownParamList.find((p) => p.name === name);
  if (param === undefined) return -1;
  return (param.value ?? '') === (value ?? '') ? 1 : -1;
}

function isFirstHop(ctx: RouteContext, mode: number): Verdict {
  const { msg, server } = ctx;
  if (msg.isRequest) return msg.vias().length > 1 ? -1 : 1;
  const top = msg.recordRoutes()[0];
  if (top === undefined) return msg.header(HeaderId.RecordRoute) === undefined ? 1 : -1;
  const uri = top.addr.uri;
  if (uri === null) return -1;
  const ip = uri.host.startsWith('[') ? uri.host.slice(1, -1) : uri.host;
  if (mode === 0 && !isAddress(ip)) return -1;
  const transport = uri.transport;
  const proto =
    transport === 'udp' || transport === 'tcp' || transport === 'tls' || transport === 'sctp' ? transport : undefined;
  if (!server.transports.isMyself(uri.host, uri.port || undefined, proto)) return -1;
  if (mode === 0) {
    const { src, proto: came } = msg.received;
    if (src.ip === ip && src.port === (uri.port || 5060) && came === (proto ?? 'udp')) return -1;
  }
  return 1;
}
function isAddress(text: string): boolean {
  if (text.includes(':')) return true;
  const parts = text.split('.');
  return parts.length === 4 && parts.every((p) => p !== '' && p.length < 4 && onlyDigits(p) && Number(p) < 256);
}

/** Changes a URI held by a pseudo-variable. */
function rewrite(
  ctx: RouteContext,
  ref: PvRef<RouteContext>,
  value: PvRef<RouteContext>,
  how: typeof withUser,
): Verdict {
  const uri = ref.get(ctx);
  const text = value.get(ctx);
  if (typeof uri !== 'string' || uri === '' || typeof text !== 'string' || ref.set === null) return -1;
  const made = how(uri, text);
  if (made === null) return -1;
  if (made !== uri) ref.set(ctx, made);
  return 1;
}

/** The option tags Kamailio tells apart; its start fails with another one. */
const optionTags = ['path', 'gruu', 'timer', '100rel', 'outbound', 'eventlist'] as const;
/** A pattern of the word in upper and lower case. */
const anyCase = (word: string): string => word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

export default defineModule({
  name: 'siputils',
  doc: 'Questions about messages and URIs, and small changes to URIs.',
  uses: ['sl', 'auth?'],
  params: {
    options_accept: { type: 'str', default: '*/*', doc: 'Accept of options_reply().' },
    options_accept_encoding: { type: 'str', default: '', doc: 'Accept-Encoding of options_reply().' },
    options_accept_language: { type: 'str', default: 'en', doc: 'Accept-Language of options_reply().' },
    options_support: { type: 'str', default: '', doc: 'Supported of options_reply().' },
    contact_flds_separator: { type: 'str', default: '*', doc: 'Character between the parts of an encoded Contact.' },
    rpid_prefix: { type: 'str', default: '', doc: 'Before the URI in append_rpid_hf().' },
    rpid_suffix: {
      type: 'str',
      default: ';party=calling;id-type=subscriber;screen=yes',
      doc: 'After the URI in append_rpid_hf().',
    },
    e164_max_len: { type: 'int', default: 16, min: 3, doc: 'Longest E.164 number, the + included.' },
    rpid_avp: {
      type: 'str',
      default: '$avp(s:rpid)',
      doc: 'AVP with the URI of the caller, as authentication left it.',
    },
  },
  stats: {},
  state: (): State => ({ vectors: { value: 0 } }),
  functions: {
    options_reply: {
      doc: 'Answers an OPTIONS request without a user in its URI with 200 (RFC 3261 §11.2).',
      args: [],
      routes: ['request'],
      returns: { 1: 'answered', [-1]: 'not such a request, or not sent' },
      example: 'if (uri==myself && $rU==$null) { options_reply(); }',
      run(me, ctx) {
        if (ctx.msg.methodId !== Method.OPTIONS) return -1;
        const uri = ctx.requestUri;
        if (uri === null || (uri.user ?? '') !== '') return -1;
        const p = me.params;
        ctx.draft.addReplyHeader(
          `Accept: ${p.options_accept}\r\nAccept-Encoding: ${p.options_accept_encoding}\r\n` +
            `Accept-Language: ${p.options_accept_language}\r\nSupported: ${p.options_support}\r\n`,
        );
        return me.uses.get<SlApi>('sl').reply(ctx, 200, 'OK') < 0 ? -1 : 1;
      },
    },
    has_totag: {
      doc: 'True when To has a tag: a request within a dialog (RFC 3261 §12.2).',
      args: [],
      routes: ['any'],
      returns: yes,
      example: 'if (has_totag()) { exit; }',
      run: (_me, ctx) => (ctx.msg.to?.tag ? 1 : -1),
    },
    is_request: {
      doc: 'True for requests.',
      args: [],
      routes: ['any'],
      returns: yes,
      example: 'if (is_request()) { exit; }',
      run: (_me, ctx) => (ctx.msg.isRequest ? 1 : -1),
    },
    is_reply: {
      doc: 'True for responses.',
      args: [],
      routes: ['any'],
      returns: yes,
      example: 'if (is_reply()) { exit; }',
      run: (_me, ctx) => (ctx.msg.isRequest ? -1 : 1),
    },
    is_first_hop: {
      doc: 'True when the message came straight from the user agent: one Via, or our own Record-Route on top.',
      args: [opt(varInt('mode', '0: its address must not be the source of the message; 1: not looked at'))],
      routes: ['any'],
      returns: yes,
      example: 'if (is_first_hop()) { xlog("from the phone itself\\n"); }',
      run: (_me, ctx, mode) => isFirstHop(ctx, mode ?? 0),
    },
    is_uri: {
      doc: 'True when the text is a URI.',
      args: [varStr('text')],
      routes: ['any'],
      returns: yes,
      example: 'if (is_uri("$var(x)")) { exit; }',
      run: (_me, ctx, text) => (parseUri(text, ctx.grammar) === null ? -1 : 1),
    },
    is_gruu: {
      doc: 'Tells whether a URI (the Request-URI when left out) has a `gr` parameter (RFC 5627).',
      args: [opt(varStr('uri'))],
      routes: ['any'],
      returns: {
        1: 'public: it has a value',
        2: 'temporary: it has none',
        [-1]: 'no',
        [-8]: 'cannot read the argument',
      },
      example: 'if (is_gruu()) { exit; }',
      run(_me, ctx, uri) {
        const parsed = uri === undefined ? ctx.requestUri : parseUri(uri, ctx.grammar);
        const gr = parsed === null ? null : parsed.param('gr');
        return gr === null ? -1 : gr === '' ? 2 : 1;
      },
    },
    is_supported: {
      doc: 'True when Supported lists an option tag.',
      args: [shaped('option', `^(?:${optionTags.map(anyCase).join('|')})$`, `one of ${optionTags.join(', ')}`)],
      routes: ['any'],
      constArgs: true,
      returns: yes,
      example: 'if (is_supported("path")) { exit; }',
      run: (_me, ctx, option) =>
        ctx.msg
          .headersOf(HeaderId.Supported)
          .some((h) => h.value.split(',').some((tag) => equalsIgnoreCase(tag.trim(), option)))
          ? 1
          : -1,
    },
    uri_param: {
      doc: 'True when the Request-URI has a parameter, with this value or with none.',
      args: [varStr('name'), opt(varStr('value'))],
      routes: ['request', 'failure', 'branch'],
      returns: yes,
      example: 'if (uri_param("param1", "value1")) { exit; }',
      run: (_me, ctx, name, value) => hasParam(ctx, name, value),
    },
    uri_param_any: {
      doc: 'True when the Request-URI has a parameter, with or without a value.',
      args: [varStr('name')],
      routes: ['request', 'failure', 'branch'],
      returns: yes,
      example: 'if (uri_param_any("ob")) { exit; }',
      run: (_me, ctx, name) => (ctx.requestUri?.paramList.some((p) => equalsIgnoreCase(p.name, name)) ? 1 : -1),
    },
    uri_param_rm: {
      doc: 'Takes a parameter out of the Request-URI.',
      args: [varStr('name')],
      routes: ['request', 'failure', 'branch'],
      returns: { 1: 'done, or not there', [-1]: 'malformed Request-URI' },
      example: 'uri_param_rm("alias");',
      run(_me, ctx, name) {
        const made = withoutParam(ctx.uri, name, ctx.grammar);
        return made === ctx.uri ? 1 : setRequestUri(ctx, made);
      },
    },
    add_uri_param: {
      doc: 'Adds a parameter to the Request-URI.',
      args: [str('param', 'name or name=value')],
      routes: ['request'],
      returns: changed,
      example: 'add_uri_param("nat=yes");',
      run: (_me, ctx, param) => (param === '' ? 1 : setRequestUri(ctx, withParam(ctx.uri, param, ctx.grammar))),
    },
    get_uri_param: {
      doc: 'Stores the value of a parameter of the Request-URI.',
      args: [str('name'), pvWritable('result')],
      routes: ['request'],
      returns: { 1: 'stored', [-1]: 'no such parameter' },
      example: 'get_uri_param("nat", "$var(nat)");',
      run(_me, ctx, name, result) {
        const param = ctx.requestUri?.ownParamList.find((p) => p.name === name);
        if (param === undefined || result.set === null) return -1;
        result.set(ctx, param.value ?? '');
        return 1;
      },
    },
    tel2sip: {
      doc: 'Stores a tel URI as a sip URI at a host (RFC 3261 §19.1.6).',
      args: [varStr('uri'), varStr('host'), pvWritable('result')],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: { 1: 'stored', 2: 'not a tel URI', [-1]: 'cannot be stored' },
      example: 'tel2sip("$ru", "$fd", "$ru");',
      run(_me, ctx, uri, host, result) {
        const made = telToSip(uri, host);
        if (made === null) return 2;
        return result.set === null || result.set(ctx, made) === false ? -1 : 1;
      },
    },
    tel2sip2: {
      doc: 'As tel2sip(), with the parameters in the order of RFC 3966 and without a phone-context that is a domain.',
      args: [varStr('uri'), varStr('host'), pvWritable('result')],
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: { 1: 'stored', 2: 'not a tel URI', [-1]: 'cannot be stored' },
      example: 'tel2sip2("$ru", "$fd", "$ru");',
      run(_me, ctx, uri, host, result) {
        const made = telToSipSorted(uri, host);
        if (made === null) return 2;
        return result.set === null || result.set(ctx, made) === false ? -1 : 1;
      },
    },
    is_user: {
      doc: 'Is this the user of the credentials that auth accepted?',
      args: [varStr('user')],
      routes: ['request', 'local'],
      returns: yes,
      example: 'if (!is_user("john")) { exit; }',
      run(me, ctx, user) {
        const accepted = me.uses.find<AuthorizedApi>('auth')?.authorized(ctx.msg) ?? null;
        if (accepted === null)
          ctx.log(-1, 'no accepted credentials: authorize the request before is_user()', 'siputils');
        return accepted !== null && user !== '' && accepted.user === user ? 1 : -1;
      },
    },
    is_sip: {
      doc: 'Is this a SIP message?',
      args: [],
      routes: ['any'],
      returns: yes,
      example: 'if (is_sip()) { exit; }',
      run: (_me, ctx) => (ctx.msg.version.startsWith('SIP/') ? 1 : -1),
    },
    is_http: {
      doc: 'Is this an HTTP message?',
      args: [],
      routes: ['any'],
      returns: yes,
      example: 'if (is_http()) { exit; }',
      run: (_me, ctx) => (ctx.msg.version.startsWith('HTTP/') ? 1 : -1),
    },
    sip_parse_headers: {
      doc: 'Are all header fields well-formed lines?',
      args: [],
      routes: ['any'],
      returns: yes,
      example: 'if (!sip_parse_headers()) { exit; }',
      run: (_me, ctx) => (ctx.msg.broken ? -1 : 1),
    },
    contact_param_encode_alias: {
      doc: 'As contact_param_encode(), with where the message came from as an alias parameter of the hidden URI.',
      args: [varStr('name'), varStr('address', 'URI that is shown')],
      routes: ['request', 'reply'],
      returns: codes,
      example: 'contact_param_encode_alias("ksu", "sip:10.0.0.1:5060");',
      run: (_me, ctx, name, address) => encodeParamWithAlias(ctx, name, address),
    },
    contact_param_check: {
      doc: 'Has the URI of a Contact this parameter?',
      args: [varStr('name')],
      routes: ['any'],
      returns: yes,
      example: 'if (contact_param_check("ksu")) { exit; }',
      run: (_me, ctx, name) => (hasContactParam(ctx, name) ? 1 : -1),
    },
    is_e164: {
      doc: 'True when a text is + and 2 to 15 digits.',
      args: [pv('text')],
      routes: ['request', 'failure'],
      returns: yes,
      example: 'if (is_e164("$fU")) { exit; }',
      run(me, ctx, ref) {
        const text = ref.get(ctx);
        return typeof text === 'string' ? isE164(text, me.params.e164_max_len) : -1;
      },
    },
    is_uri_user_e164: {
      doc: 'True when the user of a URI is + and 2 to 15 digits.',
      args: [pv('uri')],
      routes: ['any'],
      returns: yes,
      example: 'if (is_uri_user_e164("$fu")) { exit; }',
      run(me, ctx, ref) {
        const text = ref.get(ctx);
        if (typeof text !== 'string') return -1;
        const colon = text.indexOf(':');
        const at = text.indexOf('@', colon + 1);
        return colon < 0 || at < 0 ? -1 : isE164(text.slice(colon + 1, at), me.params.e164_max_len);
      },
    },
    is_rpid_user_e164: {
      doc: 'True when the user of the URI in `rpid_avp` is + and 2 to 15 digits.',
      args: [],
      routes: ['request'],
      returns: yes,
      example: 'if (is_rpid_user_e164()) { exit; }',
      run(me, ctx) {
        const value = callerUri(ctx, me.params.rpid_avp);
        const user = value === null ? null : (parseNameAddr(value, ctx.grammar)?.uri?.user ?? null);
        return user === null ? -1 : isE164(user, me.params.e164_max_len);
      },
    },
    append_rpid_hf: {
      doc: 'Adds Remote-Party-ID with the URI in `rpid_avp`, between the prefix and suffix given or those of the parameters.',
      args: [opt(str('prefix')), opt(str('suffix'))],
      routes: ['request', 'failure', 'branch'],
      returns: { 1: 'done', [-1]: 'the AVP holds no text' },
      example: 'append_rpid_hf();',
      run(me, ctx, prefix, suffix) {
        const uri = callerUri(ctx, me.params.rpid_avp);
        if (uri === null) return -1;
        const line = `Remote-Party-ID: ${prefix ?? me.params.rpid_prefix}${uri}${suffix ?? me.params.rpid_suffix}\r\n`;
        return ctx.draft.edits.insert(ctx.msg.headersEnd, line) ? 1 : -1;
      },
    },
    encode_contact: {
      doc: 'Puts all parts of the Contact URI into its user, at an address of ours.',
      args: [str('prefix', 'first part of the new user'), str('address', 'host of the new URI')],
      routes: ['request', 'reply'],
      returns: codes,
      example: 'encode_contact("enc_prefix", "95.96.97.98");',
      run: (me, ctx, prefix, address) => encodeContact(ctx, prefix, address, separatorOf(me.params)),
    },
    decode_contact: {
      doc: 'Turns a Request-URI made by encode_contact() into the original.',
      args: [],
      routes: ['request'],
      returns: codes,
      example: 'if (!decode_contact()) { xlog("not ours\\n"); }',
      run: (me, ctx) => decodeRequestUri(ctx, separatorOf(me.params)),
    },
    decode_contact_header: {
      doc: 'Turns Contact URIs made by encode_contact() into the originals.',
      args: [],
      routes: ['request', 'failure', 'reply'],
      returns: codes,
      example: 'decode_contact_header();',
      run: (me, ctx) => decodeContactHeader(ctx, separatorOf(me.params)),
    },
    contact_param_encode: {
      doc: 'Replaces each Contact URI by an address of ours with the original as a parameter, in base64url.',
      args: [varStr('name', 'of the parameter'), varStr('address', 'a URI without parameters')],
      routes: ['request', 'reply'],
      returns: codes,
      example: 'contact_param_encode("oct", "sip:kamailio.org");',
      run: (_me, ctx, name, address) => encodeParam(ctx, name, address),
    },
    contact_param_decode: {
      doc: 'Turns Contact URIs made by contact_param_encode() into the originals.',
      args: [varStr('name')],
      routes: ['request', 'reply'],
      returns: codes,
      example: 'contact_param_decode("oct");',
      run: (_me, ctx, name) => decodeParam(ctx, name),
    },
    contact_param_decode_ruri: {
      doc: 'Turns a Request-URI made by contact_param_encode() into the original.',
      args: [varStr('name')],
      routes: ['request'],
      returns: codes,
      example: 'contact_param_decode_ruri("oct");',
      run: (_me, ctx, name) => decodeParamOfRequestUri(ctx, name),
    },
    contact_param_rm: {
      doc: 'Takes a parameter out of the Contact URIs.',
      args: [varStr('name')],
      routes: ['request', 'reply'],
      returns: codes,
      example: 'contact_param_rm("ob");',
      run: (_me, ctx, name) => removeParam(ctx, name),
    },
    sip_p_charging_vector: {
      doc: 'P-Charging-Vector: r removes the one received, g makes one when there is none, f makes one in any case.',
      args: [varStr('flags')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'failed' },
      example: 'sip_p_charging_vector("fg");',
      run: (me, ctx, flags) => handleVector(ctx, flags, me.state.vectors),
    },
    set_uri_user: {
      doc: 'Writes the user of a URI held by a pseudo-variable.',
      args: [pvWritable('uri'), pv('user')],
      routes: ['any'],
      returns: changed,
      example: 'set_uri_user("$var(uri)", "$var(user)");',
      run: (_me, ctx, ref, value) => rewrite(ctx, ref, value, withUser),
    },
    set_uri_host: {
      doc: 'Writes the host of a URI held by a pseudo-variable.',
      args: [pvWritable('uri'), pv('host')],
      routes: ['any'],
      returns: changed,
      example: 'set_uri_host("$var(uri)", "$var(host)");',
      run: (_me, ctx, ref, value) => rewrite(ctx, ref, value, withHost),
    },
    cmp_uri: {
      doc: 'Compares two URIs, parameters included.',
      args: [varStr('a'), varStr('b')],
      routes: ['any'],
      returns: order,
      example: 'if (cmp_uri("$ru", "sip:kamailio@kamailio.org")) { exit; }',
      run: (_me, ctx, a, b) => asVerdict(compareUris(a, b, ctx.grammar)),
    },
    cmp_aor: {
      doc: 'Compares user, host and port of two URIs.',
      args: [varStr('a'), varStr('b')],
      routes: ['any'],
      returns: order,
      example: 'if (cmp_aor("$rU@KaMaIlIo.org", "kamailio@$fd")) { exit; }',
      run: (_me, ctx, a, b) => asVerdict(compareAors(a, b, ctx.grammar)),
    },
    cmp_hdr_name: {
      doc: 'True when two header field names mean the same: case and compact forms are not looked at.',
      args: [varStr('a'), varStr('b')],
      routes: ['any'],
      returns: order,
      example: 'if (cmp_hdr_name("$var(a)", "f")) { exit; }',
      run(_me, _ctx, a, b) {
        const idOf = (name: string) => headerId(name.trimEnd().replace(/:.*/s, ''));
        if (a.trimEnd() === '' || b.trimEnd() === '') return -2;
        const x = idOf(a);
        if (x !== HeaderId.Other || idOf(b) !== HeaderId.Other) return x === idOf(b) ? 1 : -1;
        if (equalsIgnoreCase(a.trimEnd(), b.trimEnd())) return 1;
        return a.toLowerCase() > b.toLowerCase() ? -1 : -2;
      },
    },
    is_tel_number: {
      doc: 'True for digits, or + and digits of which the first is not 0.',
      args: [varStr('text')],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'cannot read the argument', [-2]: 'no' },
      example: 'if (is_tel_number("$rU")) { exit; }',
      run: (_me, _ctx, text) => isTelNumber(text),
    },
    is_numeric: {
      doc: 'True for digits only.',
      args: [varStr('text')],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'cannot read the argument', [-2]: 'no' },
      example: 'if (is_numeric("$rU")) { exit; }',
      run: (_me, _ctx, text) => (text !== '' && onlyDigits(text) ? 1 : -2),
    },
    is_alphanum: {
      doc: 'True for ASCII letters and digits only.',
      args: [varStr('text')],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'cannot read the argument', [-2]: 'empty', [-3]: 'no' },
      example: 'if (is_alphanum("$rU")) { exit; }',
      run: (_me, _ctx, text) => (text === '' ? -2 : isAlphaNum(text, '') ? 1 : -3),
    },
    is_alphanumex: {
      doc: 'True for ASCII letters, digits and the given characters only.',
      args: [varStr('text'), varStr('more', 'further characters')],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'cannot read the argument', [-2]: 'empty', [-3]: 'no' },
      example: 'if (is_alphanumex("$rU", "+.-_")) { exit; }',
      run: (_me, _ctx, text, more) => (text === '' ? -2 : isAlphaNum(text, more) ? 1 : -3),
    },
    hdr_date_check: {
      doc: 'True when Date is at most so many seconds old.',
      args: [varInt('seconds')],
      routes: ['any'],
      returns: { 1: 'fresh', [-1]: 'no good Date', [-4]: 'old' },
      example: 'if (hdr_date_check("10")) { exit; }',
      run(_me, ctx, seconds) {
        const value = ctx.msg.headerValue(HeaderId.Date);
        const at = value === null ? Number.NaN : Date.parse(value);
        if (Number.isNaN(at)) return -1;
        return ctx.server.env.clock.now() > at + seconds * 1000 ? -4 : 1;
      },
    },
  },
  pvs: {
    pcv: {
      doc: 'P-Charging-Vector: `all` of it, its `value`, who made it (`genaddr`), `orig` and `term` operator.',
      type: 'str',
      key: { use: 'req', values: vectorKeys },
      get(_me, ctx, key) {
        const vector = vectorOf(ctx);
        const text = vector?.[key as keyof ChargingVector] ?? '';
        return text === '' ? null : text;
      },
    },
  },
  rpc: {},
  eventRoutes: {},
  // is_user reads what the auth module found out; the others are of versions after 5.6.3.
  missing: [],
});
