/**
 * Text operations on messages: header fields, bodies, regular expressions, lists. A table of contents; the meaning is in
 * text.ts, fields.ts, body.ts and strings.ts.
 */
import {
  compileRegex,
  defineModule,
  fromHex,
  HeaderId,
  hdrName,
  lowerAscii,
  Method,
  opt,
  parseMethodList,
  pvWritable,
  type Regex,
  type RouteContext,
  regex,
  shaped,
  str,
  subst,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { audioOnHold, hasBody, partOfType, sameType, setBody } from './body.js';
import {
  appendField,
  dateLine,
  insertField,
  isPresent,
  isPresentMatching,
  named,
  removeByValue,
  removeFields,
  removeIndexed,
  removeMatching,
  removeNamed,
} from './fields.js';
import { appendPart, removePart, setMultipart } from './multipart.js';
import { privacyValues } from './privacy.js';
import {
  compare,
  compareFolded,
  endsWith,
  findFolded,
  find as findIn,
  inList,
  prefixInList,
  startsWith,
} from './strings.js';
import {
  fieldsFor,
  replace,
  replaceText,
  search,
  searchAppend,
  searchPart,
  substFields,
  substituted,
  substPart,
} from './text.js';

/** Masks of `is_method()` and expressions given at run time, each worked out once. */
interface State {
  readonly methods: Map<string, { readonly mask: number; readonly others: readonly string[] } | null>;
  readonly regexes: Map<string, Regex | null>;
  /** Without the newline flag. */
  readonly plain: Map<string, Regex | null>;
  /** Without it, and case counts. */
  readonly exact: Map<string, Regex | null>;
}
const MAX_REMEMBERED = 256;
function remembered<V>(map: Map<string, V>, key: string, make: (key: string) => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = make(key);
  if (map.size >= MAX_REMEMBERED) map.clear();
  map.set(key, value);
  return value;
}
/** Null when the expression is malformed. */
const compiledAs = (
  map: Map<string, Regex | null>,
  source: string,
  flags: { readonly ignoreCase: boolean; readonly newline: boolean },
): Regex | null =>
  remembered(map, source, (text) => {
    try {
      return compileRegex(text, flags);
    } catch {
      return null;
    }
  });
const compiled = (state: State, source: string): Regex | null =>
  compiledAs(state.regexes, source, { ignoreCase: true, newline: true });

const found = { 1: 'found', [-1]: 'not found' } as const;
const done = { 1: 'done', [-1]: 'nothing matched' } as const;
const written = { 1: 'done', [-1]: 'no text, or the message is malformed' } as const;
const order = { 1: 'equal', [-1]: 'the first is larger', [-2]: 'the second is larger' } as const;

function isMethod(state: State, ctx: RouteContext, text: string): Verdict {
  const wanted = remembered(state.methods, text, parseMethodList);
  if (wanted === null) return -1;
  const { msg } = ctx;
  const id = msg.methodId;
  if (id !== Method.OTHER) return (id & wanted.mask) !== 0 ? 1 : -1;
  return wanted.others.some((name) => lowerAscii(name) === lowerAscii(msg.method)) ? 1 : -1;
}

function removeMatchingValue(state: State, ctx: RouteContext, name: string, op: string, text: string): Verdict {
  switch (lowerAscii(op)) {
    case 'eq':
      return removeByValue(ctx, name, (v) => v === text);
    case 'ne':
      return removeByValue(ctx, name, (v) => v !== text);
    case 'in':
      return removeByValue(ctx, name, (v) => text !== '' && v.includes(text));
    case 're': {
      const re = compiled(state, text);
      return re === null ? -1 : removeByValue(ctx, name, (v) => re.test(v));
    }
    default:
      return -1;
  }
}

/** Header lines of the part that come after its Content-Type stay, and lose the empty line before the first of them (`ki_filter_body`). */
function filterBody(ctx: RouteContext, type: string): Verdict {
  const { msg, draft } = ctx;
  if (!sameType(msg.contentType ?? '', 'multipart/mixed')) return -1;
  const part = partOfType(msg, type);
  if (part === undefined) return -1;
  let start = part.typeEnd;
  while (msg.raw[start] === '\r' || msg.raw[start] === '\n') start++;
  return draft.edits.remove(msg.bodyStart, start) && draft.edits.remove(part.contentEnd, msg.raw.length) ? 1 : -1;
}

/** `$ru` with another user; the password goes, as with `$rU`'s assignment. */
function withUser(ctx: RouteContext, user: string): string | null {
  const uri = ctx.requestUri;
  if (uri === null) return null;
  const rest =
    uri.host +
    (uri.port === 0 ? '' : `:${uri.port}`) +
    (uri.params === '' ? '' : `;${uri.params}`) +
    (uri.headers === '' ? '' : `?${uri.headers}`);
  return `${uri.scheme}:${user === '' ? '' : `${user}@`}${rest}`;
}

export default defineModule({
  name: 'textops',
  doc: 'Text operations on messages: header fields, bodies, regular expressions, lists.',
  uses: [],
  params: {},
  stats: {},
  state: (): State => ({ methods: new Map(), regexes: new Map(), plain: new Map(), exact: new Map() }),
  functions: {
    // -- header fields
    append_hf: {
      doc: 'Adds text after the last header field, or after the last one named. The text brings its line end.',
      args: [varStr('text', 'whole lines'), opt(hdrName('after', 'header field to put it after'))],
      routes: ['any'],
      constArgs: true,
      returns: written,
      example: 'append_hf("P-hint: outbound\\r\\n");',
      run: (_me, ctx, text, after) => appendField(ctx, text, after),
    },
    insert_hf: {
      doc: 'Adds text before the first header field, or before the first one named. The text brings its line end.',
      args: [varStr('text', 'whole lines'), opt(hdrName('before', 'header field to put it before'))],
      routes: ['any'],
      constArgs: true,
      returns: written,
      example: 'insert_hf("P-hint: inbound\\r\\n", "Call-ID");',
      run: (_me, ctx, text, before) => insertField(ctx, text, before),
    },
    append_urihf: {
      doc: 'Adds `prefix`, the received Request-URI and `suffix` after the last header field.',
      args: [str('prefix'), str('suffix')],
      routes: ['request', 'failure', 'branch'],
      returns: written,
      example: 'append_urihf("CC-Diversion: ", "\\r\\n");',
      run: (_me, ctx, prefix, suffix) => appendField(ctx, prefix + ctx.msg.requestUri + suffix),
    },
    remove_hf: {
      doc: 'Removes all header fields of a name.',
      args: [hdrName('name')],
      routes: ['any'],
      returns: done,
      example: 'remove_hf("User-Agent");',
      run: (_me, ctx, name) => removeNamed(ctx, name),
    },
    remove_hf_pv: {
      doc: 'Removes all header fields of a name known at run time.',
      args: [varStr('name')],
      routes: ['any'],
      returns: { 1: 'done, also when there was none', [-1]: 'no name, or the message is malformed' },
      example: 'remove_hf_pv("$var(name)");',
      run: (_me, ctx, name) => (name === '' || removeFields(ctx, named(name)) < 0 ? -1 : 1),
    },
    remove_hf_idx: {
      doc: 'Removes one header field of a name; a negative index counts from the last.',
      args: [varStr('name'), varInt('index')],
      routes: ['any'],
      returns: { 1: 'done', 2: 'there are not that many', [-1]: 'failed' },
      example: 'remove_hf_idx("X-Tag", "-1");',
      run: (_me, ctx, name, index) => removeIndexed(ctx, name, index),
    },
    remove_hf_re: {
      doc: 'Removes the header fields whose name matches.',
      args: [regex('expression')],
      routes: ['any'],
      returns: done,
      example: 'remove_hf_re("^X-");',
      run: (_me, ctx, re) => removeMatching(ctx, re),
    },
    remove_hf_re_pv: {
      doc: 'Removes the header fields whose name matches an expression known at run time.',
      args: [varStr('expression')],
      routes: ['any'],
      returns: done,
      example: 'remove_hf_re_pv("$var(re)");',
      run(me, ctx, source) {
        const re = compiled(me.state, source);
        return re === null ? -1 : removeMatching(ctx, re);
      },
    },
    remove_hf_exp: {
      doc: 'Removes the header fields whose name matches the first expression but not the second.',
      args: [regex('match'), regex('skip')],
      routes: ['any'],
      returns: done,
      example: 'remove_hf_exp("^X-", "^X-Keep");',
      run: (_me, ctx, match, skip) => removeMatching(ctx, match, skip),
    },
    remove_hf_exp_pv: {
      doc: 'As remove_hf_exp(), with expressions known at run time.',
      args: [varStr('match'), varStr('skip')],
      routes: ['any'],
      returns: done,
      example: 'remove_hf_exp_pv("$var(match)", "$var(skip)");',
      run(me, ctx, match, skip) {
        const a = compiled(me.state, match);
        const b = compiled(me.state, skip);
        return a === null || b === null ? -1 : removeMatching(ctx, a, b);
      },
    },
    remove_hf_match: {
      doc: 'Removes the header fields of a name whose value equals (eq), does not equal (ne), holds (in) or matches (re) a text.',
      args: [varStr('name'), varStr('operator', 'eq, ne, in or re'), varStr('text')],
      routes: ['any'],
      returns: { 1: 'removed', [-1]: 'bad operator or expression', [-2]: 'none matched' },
      example: 'remove_hf_match("Accept", "in", "text");',
      run: (me, ctx, name, op, text) =>
        !ctx.msg.broken && name !== '' ? removeMatchingValue(me.state, ctx, name, op, text) : -1,
    },
    is_present_hf: {
      doc: 'True when there is a header field of that name.',
      args: [hdrName('name')],
      routes: ['any'],
      returns: found,
      example: 'if (is_present_hf("From")) { exit; }',
      run: (_me, ctx, name) => isPresent(ctx.msg, name),
    },
    is_present_hf_pv: {
      doc: 'As is_present_hf(), with a name known at run time.',
      args: [varStr('name')],
      routes: ['any'],
      returns: found,
      example: 'if (is_present_hf_pv("$var(name)")) { exit; }',
      run: (_me, ctx, name) => (name === '' ? -1 : isPresent(ctx.msg, name)),
    },
    is_present_hf_re: {
      doc: 'True when the name of a header field matches.',
      args: [regex('expression')],
      routes: ['any'],
      returns: found,
      example: 'if (is_present_hf_re("^P-")) { exit; }',
      run: (_me, ctx, re) => isPresentMatching(ctx.msg, re),
    },
    is_present_hf_re_pv: {
      doc: 'As is_present_hf_re(), with an expression known at run time.',
      args: [varStr('expression')],
      routes: ['any'],
      returns: found,
      example: 'if (is_present_hf_re_pv("$var(re)")) { exit; }',
      run(me, ctx, source) {
        const re = compiled(me.state, source);
        return re === null ? -1 : isPresentMatching(ctx.msg, re);
      },
    },
    append_to_reply: {
      doc: 'Adds text to the header of responses made here. The text brings its line end.',
      args: [varStr('text', 'whole lines')],
      routes: ['request', 'failure', 'branch'],
      returns: written,
      example: 'append_to_reply("Foo: bar\\r\\n");',
      run(_me, ctx, text) {
        if (text === '') return -1;
        ctx.draft.addReplyHeader(text);
        return 1;
      },
    },
    append_time: {
      doc: 'Adds a Date header field to responses made here.',
      args: [],
      routes: ['request', 'failure', 'branch'],
      returns: { 1: 'done' },
      example: 'append_time();',
      run(_me, ctx) {
        ctx.draft.addReplyHeader(dateLine(ctx.server.env.clock.now()));
        return 1;
      },
    },
    append_time_to_request: {
      doc: 'Adds a Date header field after the first header field.',
      args: [],
      routes: ['any'],
      returns: written,
      example: 'append_time_to_request();',
      run(_me, ctx) {
        const first = ctx.msg.headers[0];
        if (first === undefined) return -1;
        return ctx.draft.edits.insert(first.end, dateLine(ctx.server.env.clock.now()), HeaderId.Date) ? 1 : -1;
      },
    },

    // -- search and replace
    search: {
      doc: 'True when the expression matches anywhere in the message as received.',
      args: [regex('expression')],
      routes: ['any'],
      returns: found,
      example: 'if (search("[Ss]er")) { exit; }',
      run: (_me, ctx, re) => search(ctx.msg, re),
    },
    search_body: {
      doc: 'True when the expression matches in the body.',
      args: [regex('expression')],
      routes: ['any'],
      returns: found,
      example: 'if (search_body("a=sendonly")) { exit; }',
      run: (_me, ctx, re) => searchPart(ctx.msg, 'body', re),
    },
    search_hf: {
      doc: 'True when the expression matches the value of a header field of that name.',
      args: [hdrName('name'), regex('expression'), str('which', 'a: any, f: the first, l: the last')],
      routes: ['any'],
      constArgs: true,
      returns: found,
      example: 'if (search_hf("From", "alice", "a")) { exit; }',
      run: (_me, ctx, name, re, which) =>
        !ctx.msg.broken && fieldsFor(ctx.msg, name, which).some((h) => re.test(h.value)) ? 1 : -1,
    },
    search_str: {
      doc: 'True when an expression known at run time matches a text.',
      args: [varStr('text'), varStr('expression')],
      routes: ['any'],
      returns: { 1: 'found', 2: 'the expression is empty', [-1]: 'not found', [-2]: 'empty text or a bad expression' },
      example: 'if (search_str("$rU", "^[0-9]+")) { exit; }',
      run(me, _ctx, text, source) {
        if (source === '') return 2;
        const re = text === '' ? null : compiled(me.state, source);
        return re === null ? -2 : re.test(text) ? 1 : -1;
      },
    },
    search_append: {
      doc: 'Adds text after the first match, which is looked for from the first header field on.',
      args: [regex('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'search_append("[Ss]er", " blabla");',
      run: (_me, ctx, re, text) => searchAppend(ctx, 'rest', re, text),
    },
    search_append_body: {
      doc: 'Adds text after the first match in the body.',
      args: [regex('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'search_append_body("[Ss]er", " blabla");',
      run: (_me, ctx, re, text) => searchAppend(ctx, 'body', re, text),
    },
    replace: {
      doc: 'Replaces the first match, looked for from the first header field on.',
      args: [regex('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'replace("openser", "Kamailio SIP Server");',
      run: (_me, ctx, re, text) => replace(ctx, 'rest', re, text, false),
    },
    replace_all: {
      doc: 'Replaces all matches from the first header field on.',
      args: [regex('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'replace_all("openser", "Kamailio SIP Server");',
      run: (_me, ctx, re, text) => replace(ctx, 'rest', re, text, true),
    },
    replace_body: {
      doc: 'Replaces the first match in the body.',
      args: [regex('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'replace_body("openser", "Kamailio SIP Server");',
      run: (_me, ctx, re, text) => replace(ctx, 'body', re, text, false),
    },
    replace_body_all: {
      doc: 'Replaces all matches in the body, line by line.',
      args: [regex('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'replace_body_all("openser", "Kamailio SIP Server");',
      run: (_me, ctx, re, text) => replace(ctx, 'body', re, text, true),
    },
    replace_body_atonce: {
      doc: 'Replaces all matches in the body, taken as one text: `^` is its start, `.` matches line ends.',
      args: [str('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'replace_body_atonce("^.+$", "all of it");',
      run(me, ctx, source, text) {
        const re = compiledAs(me.state.plain, source, { ignoreCase: true, newline: false });
        return re === null ? -1 : replace(ctx, 'body', re, text, true);
      },
    },
    replace_hdrs: {
      doc: 'Replaces the first match among the header fields.',
      args: [regex('expression'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'replace_hdrs("openser", "Kamailio SIP Server");',
      run: (_me, ctx, re, text) => replace(ctx, 'headers', re, text, false),
    },
    replace_str: {
      doc: 'Replaces a text, the first (f) or all (a), from the first header field on.',
      args: [varStr('find'), varStr('text'), varStr('mode', 'f or a')],
      routes: ['any'],
      returns: { 1: 'done, also when there was none', [-1]: 'failed' },
      example: 'replace_str("$fU", "anonymous", "a");',
      run: (_me, ctx, find, text, mode) => replaceText(ctx, 'rest', find, text, mode),
    },
    replace_body_str: {
      doc: 'Replaces a text in the body, the first (f) or all (a).',
      args: [varStr('find'), varStr('text'), varStr('mode', 'f or a')],
      routes: ['any'],
      returns: { 1: 'done, also when there was none', [-1]: 'no body' },
      example: 'replace_body_str("10.0.0.1", "$si", "a");',
      run: (_me, ctx, find, text, mode) => replaceText(ctx, 'body', find, text, mode),
    },
    replace_hdrs_str: {
      doc: 'Replaces a text among the header fields, the first (f) or all (a).',
      args: [varStr('find'), varStr('text'), varStr('mode', 'f or a')],
      routes: ['any'],
      returns: { 1: 'done, also when there was none', [-1]: 'failed' },
      example: 'replace_hdrs_str("10.0.0.1", "$si", "a");',
      run: (_me, ctx, find, text, mode) => replaceText(ctx, 'headers', find, text, mode),
    },
    subst: {
      doc: 'Substitutes in the message from the first header field on.',
      args: [subst('expression', '/match/replacement/flags')],
      routes: ['any'],
      constArgs: true,
      returns: done,
      example: 'subst("/^User-Agent: .*$/User-Agent: hidden/");',
      run: (_me, ctx, s) => substPart(ctx, 'rest', s),
    },
    subst_body: {
      doc: 'Substitutes in the body.',
      args: [subst('expression', '/match/replacement/flags')],
      routes: ['any'],
      constArgs: true,
      returns: done,
      example: 'subst_body("/10\\.0\\.0\\.1/$si/g");',
      run: (_me, ctx, s) => substPart(ctx, 'body', s),
    },
    subst_hf: {
      doc: 'Substitutes in the value of header fields of a name.',
      args: [hdrName('name'), subst('expression'), str('which', 'a: all, f: the first, l: the last')],
      routes: ['any'],
      constArgs: true,
      returns: done,
      example: 'subst_hf("From", "/:test@/:best@/", "a");',
      run: (_me, ctx, name, s, which) => (!ctx.msg.broken ? substFields(ctx, name, s, which) : -1),
    },
    subst_uri: {
      doc: 'Substitutes in the Request-URI.',
      args: [subst('expression', '/match/replacement/flags')],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: done,
      example: 'subst_uri("/^sip:0(.*)$/sip:\\1/i");',
      run(_me, ctx, s) {
        const uri = substituted(ctx, ctx.uri, s);
        if (uri === null) return -1;
        ctx.draft.uri = uri;
        return 1;
      },
    },
    subst_user: {
      doc: 'Substitutes in the user part of the Request-URI.',
      args: [subst('expression', '/match/replacement/flags')],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: done,
      example: 'if (subst_user("/3$/4/")) { xlog("now $rU\\n"); }',
      run(_me, ctx, s) {
        const user = substituted(ctx, ctx.requestUri?.user ?? '', s);
        const uri = user === null ? null : withUser(ctx, user);
        if (uri === null) return -1;
        ctx.draft.uri = uri;
        return 1;
      },
    },
    regex_substring: {
      doc: 'Stores one group of a match in a pseudo-variable. Case counts, and `^` matches nowhere.',
      args: [
        varStr('text'),
        varStr('expression'),
        varInt('group'),
        varInt('groups', 'how many are kept'),
        pvWritable('result'),
      ],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: { 1: 'stored', [-1]: 'no such group, an empty one, or a bad expression', [-2]: 'no match' },
      example: 'regex_substring("$ru", "sip:([^@]+)@", "1", "2", "$var(user)");',
      run(me, ctx, text, source, group, groups, result) {
        const re = compiledAs(me.state.exact, source, { ignoreCase: false, newline: false });
        if (re === null || result.set === null || group < 0 || group >= groups) return -1;
        // Kamailio's ki_regex_substring() says that the text is no start of a line (REG_NOTBOL).
        const match = re.exec(`\n${text}`, 1);
        if (match === null) return -2;
        const value = match.groups[group];
        if (value === undefined || value === '') return -1;
        return result.set(ctx, value) === false ? -1 : 1;
      },
    },

    // -- bodies
    has_body: {
      doc: 'True when Content-Length is not 0 and, if given, Content-Type is this (application/sdp when there is none).',
      args: [opt(shaped('type', '^(?:$|[^/]+/.)', 'a media type, such as application/sdp'))],
      routes: ['any'],
      constArgs: true,
      returns: found,
      example: 'if (has_body("application/sdp")) { exit; }',
      run: (_me, ctx, type) => hasBody(ctx.msg, type),
    },
    set_body: {
      doc: 'Gives the message a new body and Content-Type.',
      args: [varStr('body'), varStr('type', 'Content-Type')],
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: written,
      example: 'set_body("test", "text/plain");',
      run: (_me, ctx, body, type) => setBody(ctx, body, type),
    },
    set_body_hex: {
      doc: 'As set_body(), the body as hexadecimal digits; blanks and tabs between them do not count.',
      args: [varStr('digits'), varStr('type', 'Content-Type')],
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: written,
      example: 'set_body_hex("b0 8e 4a f2", "binary/data");',
      run(_me, ctx, digits, type) {
        const body = fromHex(digits);
        return body === null ? -1 : setBody(ctx, body, type);
      },
    },
    set_reply_body_hex: {
      doc: 'As set_reply_body(), the body as hexadecimal digits; blanks and tabs between them do not count.',
      args: [varStr('digits'), varStr('type', 'Content-Type')],
      routes: ['request', 'failure', 'branch'],
      returns: written,
      example: 'set_reply_body_hex("b0 8e 4a f2", "binary/data");',
      run(_me, ctx, digits, type) {
        const body = fromHex(digits);
        if (body === null || type === '') return -1;
        ctx.draft.addReplyHeader(`Content-Type: ${type}\r\n`);
        ctx.draft.setReplyBody(body);
        return 1;
      },
    },
    str_any_in: {
      doc: 'Is one of the characters of a list in a text?',
      args: [varStr('text'), varStr('list')],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no, or one is empty' },
      example: 'if (str_any_in("$rU", "*#")) { exit; }',
      run: (_me, _ctx, text, list) => ([...list].some((c) => text.includes(c)) ? 1 : -1),
    },
    str_all_in: {
      doc: 'Are all characters of a list in a text?',
      args: [varStr('text'), varStr('list')],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no, or one is empty' },
      example: 'if (str_all_in("$rU", "*#")) { exit; }',
      run: (_me, _ctx, text, list) => (list !== '' && [...list].every((c) => text.includes(c)) ? 1 : -1),
    },
    subst_v: {
      doc: 'Substitutes in a text and stores the result.',
      args: [varStr('text'), subst('expression', '/match/replacement/flags'), pvWritable('result')],
      routes: ['any'],
      returns: { 1: 'stored', [-1]: 'no match' },
      example: 'subst_v("$rU", "/^00/+/", "$var(number)");',
      run(_me, ctx, text, s, result) {
        const made = substituted(ctx, text, s);
        return made === null || result.set?.(ctx, made) === false ? -1 : 1;
      },
    },
    via_param_rm: {
      doc: 'Removes a parameter of a Via value.',
      args: [varStr('name'), varInt('index', 'from 0; from -1 backwards')],
      routes: ['any'],
      returns: { 1: 'removed', [-1]: 'no such value', 2: 'it has no such parameter' },
      example: 'via_param_rm("rport", "0");',
      run(_me, ctx, name, index) {
        const via = ctx.msg.vias().at(index);
        if (via === undefined) return -1;
        const param = via.paramAt(name);
        if (param === undefined) return 2;
        const semicolon = ctx.msg.raw.lastIndexOf(';', param.start);
        return semicolon >= via.sentByEnd && ctx.draft.edits.remove(semicolon, param.end) ? 1 : -1;
      },
    },
    set_reply_body: {
      doc: 'Gives responses made here a body and Content-Type.',
      args: [varStr('body'), varStr('type', 'Content-Type')],
      routes: ['request', 'failure', 'branch'],
      returns: written,
      example: 'set_reply_body("test", "text/plain");',
      run(_me, ctx, body, type) {
        if (body === '' || type === '') return -1;
        ctx.draft.addReplyHeader(`Content-Type: ${type}\r\n`);
        ctx.draft.setReplyBody(body);
        return 1;
      },
    },
    filter_body: {
      doc: 'Leaves only the first part of a media type of a multipart body.',
      args: [str('type')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'not multipart, or no such part' },
      example: 'if (has_body("multipart/mixed")) { filter_body("application/sdp"); }',
      run: (_me, ctx, type) => filterBody(ctx, type),
    },
    remove_body_part: {
      doc: 'Removes the first part of a media type of a multipart body.',
      args: [varStr('type')],
      routes: ['request', 'failure', 'branch'],
      returns: { 1: 'done', [-1]: 'not multipart, or no such part' },
      example: 'remove_body_part("application/vnd.cirpack.isdn-ext");',
      run: (_me, ctx, type) => removePart(ctx, type),
    },
    set_body_multipart: {
      doc: 'Makes the body, or the one given, the first part of a multipart/mixed body: no argument, the boundary, body and type, or all three.',
      args: [
        opt(varStr('bodyOrBoundary', 'the boundary when it stands alone')),
        opt(varStr('type', 'Content-Type of the part')),
        opt(varStr('boundary')),
      ],
      routes: ['request', 'failure', 'branch'],
      constArgs: true,
      returns: { 1: 'done, or it was one already', [-1]: 'there is no body, or the boundary begins with -' },
      example: 'set_body_multipart("v=0", "application/sdp", "edge");',
      run: (_me, ctx, first, type, boundary) =>
        type === undefined
          ? setMultipart(ctx, '', '', first ?? '')
          : setMultipart(ctx, first ?? '', type, boundary ?? ''),
    },
    append_body_part: {
      doc: 'Adds a part to a multipart body.',
      args: [
        varStr('body'),
        varStr('type', 'Content-Type of the part'),
        opt(varStr('disposition', 'Content-Disposition')),
      ],
      routes: ['request', 'failure', 'branch'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'not multipart, or nothing to add' },
      example: 'append_body_part("7 bytes", "text/plain", "session;handling=optional");',
      run: (_me, ctx, body, type, disposition) => appendPart(ctx, body, type, disposition ?? ''),
    },
    append_body_part_hex: {
      doc: 'Adds a part, given as hex digits, to a multipart body.',
      args: [varStr('body', 'pairs of hex digits'), varStr('type'), opt(varStr('disposition'))],
      routes: ['request', 'failure', 'branch'],
      returns: { 1: 'done', [-1]: 'not multipart, or no hex digits' },
      example: 'append_body_part_hex("01 10 60 01", "application/vnd.cirpack.isdn-ext");',
      run(_me, ctx, body, type, disposition) {
        const bytes = fromHex(body);
        return bytes === null ? -1 : appendPart(ctx, bytes, type, disposition ?? '');
      },
    },
    get_body_part: {
      doc: 'Stores the content of the first part of a media type, from after its Content-Type line.',
      args: [varStr('type'), pvWritable('result')],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: { 1: 'stored', [-1]: 'no such part' },
      example: 'get_body_part("application/sdp", "$var(sdp)");',
      run: (_me, ctx, type, result) => storePart(ctx, type, result, false),
    },
    get_body_part_raw: {
      doc: 'Stores the first part of a media type, from its Content-Type line up to and with the next boundary line.',
      args: [varStr('type'), pvWritable('result')],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: { 1: 'stored', [-1]: 'no such part' },
      example: 'get_body_part_raw("application/sdp", "$var(part)");',
      run: (_me, ctx, type, result) => storePart(ctx, type, result, true),
    },
    is_audio_on_hold: {
      doc: 'True when the SDP body holds an audio stream.',
      args: [],
      routes: ['any'],
      returns: { 1: 'by address 0.0.0.0', 2: 'by sendonly or inactive', [-1]: 'not held, or no SDP' },
      example: 'if (is_audio_on_hold()) { exit; }',
      run: (_me, ctx) => audioOnHold(ctx.msg),
    },

    // -- tests
    is_method: {
      doc: 'True when the method (of a response: of its CSeq) is one of these.',
      args: [shaped('methods', '^[^$]', 'method names joined with |', 'names joined with |')],
      routes: ['any'],
      constArgs: true,
      returns: found,
      example: 'if (is_method("INVITE|SUBSCRIBE")) { exit; }',
      run: (me, ctx, methods) => isMethod(me.state, ctx, methods),
    },
    is_privacy: {
      doc: 'True when the first Privacy header field has this value (RFC 3323); one with something unknown in it has none.',
      args: [str('value', 'header, session, user, none, critical, id, history')],
      routes: ['any'],
      constArgs: true,
      returns: found,
      example: 'if (is_privacy("id")) { exit; }',
      run(_me, ctx, value) {
        const wanted = lowerAscii(value);
        return privacyValues(ctx.msg).includes(wanted) ? 1 : -1;
      },
    },
    in_list: {
      doc: 'True when a text is an element of a list.',
      args: [varStr('text'), varStr('list'), shaped('separator', '^[^]$', 'one character')],
      routes: ['any'],
      returns: found,
      example: 'if (in_list("$var(x)", "a, b, c", ",")) { exit; }',
      run: (_me, _ctx, text, list, separator) => inList(text, list, separator),
    },
    in_list_prefix: {
      doc: 'True when an element of a list is a prefix of a text.',
      args: [varStr('text'), varStr('list'), shaped('separator', '^[^]$', 'one character')],
      routes: ['any'],
      returns: found,
      example: 'if (in_list_prefix("$rU", "00, 011", ",")) { exit; }',
      run: (_me, _ctx, text, list, separator) => prefixInList(text, list, separator),
    },
    cmp_str: {
      doc: 'Compares two texts byte by byte.',
      args: [varStr('a'), varStr('b')],
      routes: ['any'],
      returns: order,
      example: 'if (cmp_str("$rU", "alice")) { exit; }',
      run: (_me, _ctx, a, b) => compare(a, b),
    },
    cmp_istr: {
      doc: 'Compares two texts, ASCII case ignored.',
      args: [varStr('a'), varStr('b')],
      routes: ['any'],
      returns: order,
      example: 'if (cmp_istr("$rU@you", "alice@YOU")) { exit; }',
      run: (_me, _ctx, a, b) => compareFolded(a, b),
    },
    starts_with: {
      doc: 'True when the first text begins with the second.',
      args: [varStr('text'), varStr('start')],
      routes: ['any'],
      returns: { 1: 'it does', [-1]: 'it does not', [-2]: 'it does not, and is smaller' },
      example: 'if (starts_with("$rU", "+358")) { exit; }',
      run: (_me, _ctx, text, start) => startsWith(text, start),
    },
    ends_with: {
      doc: 'True when the first text ends with the second.',
      args: [varStr('text'), varStr('end')],
      routes: ['any'],
      returns: { 1: 'it does', [-1]: 'it does not', [-2]: 'it does not, and is smaller' },
      example: 'if (ends_with("$rU", "00")) { exit; }',
      run: (_me, _ctx, text, end) => endsWith(text, end),
    },
    str_find: {
      doc: 'True when the second text occurs in the first.',
      args: [varStr('text'), varStr('find')],
      routes: ['any'],
      returns: { 1: 'found: where, counted from 1', [-1]: 'not found, or the first text is empty' },
      example: 'if (str_find("$rb", "a=sendonly")) { exit; }',
      run: (_me, _ctx, text, find) => findIn(text, find),
    },
    str_ifind: {
      doc: 'As str_find(), ASCII case ignored.',
      args: [varStr('text'), varStr('find')],
      routes: ['any'],
      returns: { 1: 'found: where, counted from 1', [-1]: 'not found, or the first text is empty' },
      example: 'if (str_ifind("$ua", "SIPp")) { exit; }',
      run: (_me, _ctx, text, find) => findFolded(text, find),
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  // Of versions after 5.6.3.
  missing: [],
});

function storePart(
  ctx: RouteContext,
  type: string,
  result: { readonly set: ((ctx: RouteContext, value: string) => boolean | undefined) | null },
  whole: boolean,
): Verdict {
  const { msg } = ctx;
  if (result.set === null || msg.bodyLength === 0) return -1;
  let text: string;
  if (!(msg.contentType ?? '').toLowerCase().startsWith('multipart/')) {
    text = msg.body;
  } else {
    const part = partOfType(msg, type);
    if (part === undefined) return -1;
    const lineEnd = msg.raw.indexOf('\n', part.end);
    text = whole
      ? msg.raw.slice(part.typeStart, lineEnd < 0 ? undefined : lineEnd + 1)
      : msg.raw.slice(part.typeEnd, part.end);
  }
  return result.set(ctx, text) === false ? -1 : 1;
}
