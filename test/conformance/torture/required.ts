/**
 * What RFC 4475 and RFC 5118 ask of a proxy (or, for a REGISTER, of a registrar) that gets each of their messages, in our words,
 * and whether an outcome meets it.
 */
import type { Outcome, Suite } from './messages.js';

export interface Requirement {
  /** Section of the RFC. */
  readonly section: string;
  readonly asks: string;
  readonly met: (outcome: Outcome) => boolean;
}

type Test = Requirement['met'];
const either =
  (...tests: readonly Test[]): Test =>
  (o) =>
    tests.some((test) => test(o));
const startsWith = (text: string | undefined, starts: readonly (string | number)[]): boolean =>
  text !== undefined && starts.some((start) => text.startsWith(`${start}`));
/** Sent on, with this start line if one is given. */
const forwards =
  (startLine?: string): Test =>
  (o) =>
    o.forwarded !== undefined && o.answer === undefined && (startLine === undefined || o.forwarded === startLine);
const answers =
  (...statuses: readonly number[]): Test =>
  (o) =>
    o.forwarded === undefined && startsWith(o.answer, statuses);
const registers =
  (...uris: readonly string[]): Test =>
  (o) =>
    answers(200)(o) && uris.every((uri) => o.contact?.includes(`<${uri}>;expires=`) === true);
/** A response that was understood. */
const takes: Test = (o) => o.response === true;
/** Nothing is sent. */
const discards: Test = (o) => o.forwarded === undefined && o.answer === undefined;
const row = (section: string, asks: string, met: Test): Requirement => ({ section, asks, met });

const valid = 'valid: sent on';
const liberal = 'a 400 is reasonable; who is liberal may send it on';

export const required: Readonly<Record<Suite, Readonly<Record<string, Requirement>>>> = {
  rfc4475: {
    wsinv: row('3.1.1.1', 'valid, folded and spaced as far as the grammar goes: sent on', forwards()),
    intmeth: row('3.1.1.2', 'valid, every character a token may have: sent on unchanged', forwards()),
    esc01: row(
      '3.1.1.3',
      'valid: the escapes of the user part stay as they are',
      forwards('INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0'),
    ),
    escnull: row(
      '3.1.1.4',
      'valid: two bindings, their users one and two escaped null bytes',
      registers('sip:%00@host5.example.com', 'sip:%00%00@host5.example.com'),
    ),
    esc02: row(
      '3.1.1.5',
      'valid: a method of its own, not REGISTER, as % escapes nothing in it',
      forwards('RE%47IST%45R sip:registrar.example.com SIP/2.0'),
    ),
    lwsdisp: row('3.1.1.6', valid, forwards()),
    longreq: row('3.1.1.7', valid, forwards()),
    dblreq: row('3.1.1.8', 'valid: the octets behind Content-Length are no part of it', answers(200)),
    semiuri: row(
      '3.1.1.9',
      'valid: the semicolon is part of the user',
      forwards('OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0'),
    ),
    transports: row('3.1.1.10', 'valid, whatever transports its Vias name: sent on', forwards()),
    mpart01: row('3.1.1.11', 'valid, a body of several parts: sent on', forwards()),
    unreason: row('3.1.1.12', 'valid, a reason in UTF-8: taken', takes),
    noreason: row('3.1.1.13', 'valid, no reason: taken', takes),
    badinv01: row('3.1.2.1', '400', answers(400)),
    clerr: row('3.1.2.2', '400: the datagram is shorter than it says', answers(400)),
    ncl: row('3.1.2.3', '400: a negative length', answers(400)),
    scalar02: row('3.1.2.4', '400 for the CSeq', answers(400)),
    scalarlg: row('3.1.2.5', 'discarded', discards),
    quotbal: row('3.1.2.6', liberal, either(answers(400), forwards())),
    ltgtruri: row('3.1.2.7', liberal, either(answers(400), forwards())),
    lwsruri: row('3.1.2.8', liberal, either(answers(400), forwards())),
    lwsstart: row(
      '3.1.2.9',
      `${liberal}, with single spaces`,
      either(answers(400), forwards('INVITE sip:user@example.com SIP/2.0')),
    ),
    trws: row(
      '3.1.2.10',
      `${liberal}, without the spaces at the end of the line`,
      either(answers(400), forwards('OPTIONS sip:remote-target@example.com SIP/2.0')),
    ),
    escruri: row(
      '3.1.2.11',
      `${liberal}, without the header fields of the Request-URI`,
      either(answers(400), forwards('INVITE sip:user@example.com SIP/2.0')),
    ),
    baddate: row('3.1.2.12', 'a 400 is reasonable; the Date may be passed over', either(answers(400), forwards())),
    regbadct: row('3.1.2.13', '400: it cannot be told whose the parameters of the Contact are', answers(400)),
    badaspec: row('3.1.2.14', liberal, either(answers(400), forwards())),
    baddn: row('3.1.2.15', liberal, either(answers(400), forwards())),
    badvers: row('3.1.2.16', '505', answers(505)),
    mismatch01: row('3.1.2.17', '400', answers(400)),
    mismatch02: row('3.1.2.18', '501, or 400', answers(400, 501)),
    bigcode: row('3.1.2.19', 'discarded', discards),
    badbranch: row(
      '3.2.1',
      '400, or sent on with a transaction told by the rules of RFC 2543',
      either(answers(400), forwards()),
    ),
    insuf: row('3.3.1', 'must not break; ideally a 400', either(answers(400), discards)),
    unkscm: row('3.3.2', '416', answers(416)),
    novelsc: row('3.3.3', '416', answers(416)),
    unksm2: row('3.3.4', 'a registrar refuses what it has no service for', answers(4)),
    bext01: row('3.3.5', '420 with the options of Proxy-Require', answers(420)),
    invut: row('3.3.6', 'not the business of a proxy: sent on', forwards()),
    regaut01: row('3.3.7', 'the unknown scheme is passed over: 401, or 200 where nobody is asked', answers(200, 401)),
    multi01: row('3.3.8', '400', answers(400)),
    mcl01: row('3.3.9', 'an error', answers(4)),
    bcast: row('3.3.10', 'discarded: its Via is not ours, and nothing goes to the broadcast address', discards),
    zeromf: row('3.3.11', '483', answers(483)),
    cparam01: row(
      '3.3.12',
      'bound without the parameter: it is the Contact’s',
      registers('sip:+19725552222@gw1.example.net'),
    ),
    cparam02: row(
      '3.3.13',
      'bound with the parameter: it is the URI’s',
      registers('sip:+19725552222@gw1.example.net;unknownparam'),
    ),
    regescrt: row(
      '3.3.14',
      'bound with the header field of the URI',
      registers('sip:user@example.com?Route=%3Csip:sip.example.com%3E'),
    ),
    sdp01: row('3.3.15', 'not the business of a proxy: sent on', forwards()),
    inv2543: row('3.4.1', 'an INVITE of RFC 2543: sent on', forwards()),
  },
  rfc5118: {
    'ipv6-good': row('4.1', 'valid: bound', registers('sip:caller@[2001:db8::1]')),
    'ipv6-bad': row('4.2', '400: an IPv6 address without brackets', answers(400)),
    'port-ambiguous': row('4.3', 'valid, 5070 is part of the address: bound', registers('sip:caller@[2001:db8::1]')),
    'port-unambiguous': row('4.4', 'valid: bound', registers('sip:caller@[2001:db8::1]')),
    'via-received-param-with-delim': row('4.5', 'brackets around `received` are taken', forwards()),
    'via-received-param-no-delim': row('4.5', 'valid: sent on', forwards()),
    'ipv6-in-sdp': row('4.6', valid, forwards()),
    'mult-ip-in-header': row('4.7', 'valid, IPv4 and IPv6 in its Vias: sent on', forwards()),
    'mult-ip-in-sdp': row('4.8', valid, forwards()),
    'ipv4-mapped-ipv6': row('4.9', valid, forwards()),
    'ipv6-bug-abnf-3-colons': row('4.10', 'the old grammar had three colons: sent on', forwards()),
    'ipv6-correct-abnf-2-colons': row('4.10', valid, forwards()),
  },
};

/** What sipc does not meet, and why. Kamailio does the same with each. */
export const unmet: Readonly<Record<string, string>> = {
  badinv01: 'no good Via, so nobody to answer: dropped and counted',
  badvers: 'dropped and counted before a route runs: who speaks another protocol gets nothing to be reflected',
  dblreq: 'the cfg asks for it: 128 of `sanity_check()` compares the length; without it the REGISTER is taken',
  escruri: 'the Request-URI is the cfg’s: `if ($ru =~ "\\?")` refuses it',
  lwsruri: 'no request line can be told: dropped and counted',
  lwsstart: 'no request line can be told: dropped and counted',
  mcl01: 'a second Content-Length makes the message one that cannot be answered statelessly',
  multi01: 'a second From, To, Call-ID or CSeq makes the message one that cannot be answered: dropped and counted',
  ncl: 'the fields end before a Content-Length that is no number; what there is left cannot be answered',
  novelsc: '`sanity_check()` says 400 Bad Request URI for it',
  quotbal: 'no good To: dropped and counted',
  regbadct: 'taken as if it were in angle brackets, as phones mean it',
  unkscm: '`sanity_check()` says 400 Bad Request URI for it',
  'ipv6-in-sdp': '128 of `sanity_check()`: the published length counts other line ends',
  'mult-ip-in-sdp': '128 of `sanity_check()`: the published length counts other line ends',
  'ipv4-mapped-ipv6': '128 of `sanity_check()`: the published length counts other line ends',
};

/** What sipc does otherwise than Kamailio, and why. */
export const differing: Readonly<Record<string, { readonly outcome: Outcome; readonly why: string }>> = {
  esc02: {
    outcome: { forwarded: 'RE%47IST%45R sip:registrar.example.com SIP/2.0' },
    why: 'a header field name is a token (RFC 3261 §25.1)',
  },
  escnull: {
    outcome: {
      answer: '200 OK',
      contact: '<sip:%00@host5.example.com>;expires=3600, <sip:%00%00@host5.example.com>;expires=3600',
    },
    why: 'any byte may be escaped in a user',
  },
  intmeth: {
    outcome: {
      forwarded:
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
    },
    why: 'a header field name is a token (RFC 3261 §25.1)',
  },
  trws: {
    outcome: { forwarded: 'OPTIONS sip:remote-target@example.com SIP/2.0' },
    why: 'the blanks at the end of a request line are not passed on',
  },
  wsinv: {
    outcome: { forwarded: 'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0' },
    why: 'CSeq may be folded',
  },
};
