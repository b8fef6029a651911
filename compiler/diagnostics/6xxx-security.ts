/** Lint: credentials, scanners, accounting, allow-lists. Codes go on from `6xxx-routing.ts`. */
import { defineDiagnostic } from './define.js';
import { guarded, modules } from './examples.js';

const login = 'if (!pv_auth_check("example.com", "secret", "0", "0")) { auth_challenge("example.com", "1"); exit; }';
const counted = 'modparam("auth", "nonce_count", 1)\n';
const cfg = (body: string, params = ''): string =>
  `${guarded.replace('route[GUARD]', `${modules('auth', 'pike')}${params}route[GUARD]`)}request_route { route(GUARD); t_check_trans(); if (!pike_check_req()) exit; ${body} }`;

export const unanchoredAllowList = defineDiagnostic('SIPC6053', 'regex-unanchored', {
  severity: 'security',
  message: (a: { piece: string; example: string }) => `/${a.piece}/ also matches ${a.example}`,
  why: 'A regular expression matches anywhere in the text: who may choose the text around it passes a list that was meant to be exact.',
  fix: () => 'begin with ^ and end with $ (^(a|b)$ for a choice), write \\. for a dot, or compare with ==',
  bad: `${modules('pv')}request_route { if ($si =~ "10.0.0.1") drop; exit; }`,
  good: `${modules('pv')}request_route { if ($si =~ "^10\\\\.0\\\\.0\\\\.1$") drop; exit; }`,
});

export const credentialsLeak = defineDiagnostic('SIPC6054', 'credentials-leak', {
  severity: 'security',
  message: (a: { name: string }) => `${a.name}() sends the credentials of the sender on`,
  why: 'Who receives the request can try passwords against the digest for as long as it likes.',
  fix: () => 'consume_credentials(); after the check',
  bad: cfg(`${login} t_relay();`, counted),
  good: cfg(`${login} consume_credentials(); t_relay();`, counted),
});

export const digestReplay = defineDiagnostic('SIPC6055', 'digest-replay', {
  severity: 'hint',
  message: (a: { seconds: number; useless: boolean }) =>
    a.useless
      ? 'nonce_count has no effect: the challenge does not ask for qop'
      : `credentials that were overheard are good for another ${a.seconds} seconds`,
  why: 'The same nonce is taken again until it expires, unless its uses are counted.',
  fix: (a) =>
    a.useless
      ? 'challenge with qop: auth_challenge("…", "1")'
      : 'modparam("auth", "nonce_count", 1) and a challenge with qop, or modparam("auth", "one_time_nonce", 1)',
  bad: cfg(`${login} consume_credentials(); t_relay();`),
  good: cfg(`${login} consume_credentials(); t_relay();`, counted),
});

export const userAgentOnly = defineDiagnostic('SIPC6056', 'ua-only-scanner-filter', {
  severity: 'hint',
  message: () => 'nothing but the User-Agent stops a scanner',
  why: 'It is a text the sender chooses; scanners have an option for it.',
  fix: () => 'count requests per address as well: pike_check_req()',
  bad: `${modules('pv')}request_route { if ($ua =~ "friendly-scanner") exit; drop; }`,
  good: `${modules('pv')}request_route { if ($ua =~ "friendly-scanner") exit; if (!pike_check_req()) exit; drop; }`,
});

export const noFloodGuard = defineDiagnostic('SIPC6057', 'no-flood-guard', {
  severity: 'hint',
  message: (a: { name: string }) => `an address may try ${a.name}() as often as it likes`,
  why: 'Passwords are guessed by trying, thousands a minute.',
  fix: () => 'loadmodule "pike.so", and begin with if (!pike_check_req()) exit;',
  bad: cfg(`${login} consume_credentials(); exit;`, counted)
    .replace('if (!pike_check_req()) exit; ', '')
    .replace('loadmodule "pike.so"\n', ''),
  good: cfg(`${login} consume_credentials(); exit;`, counted),
});

export const byeFraud = defineDiagnostic('SIPC6058', 'bye-accounting-fraud', {
  severity: 'security',
  message: (a: { flag: number }) => `flag ${a.flag} accounts a BYE that was not seen to belong to a call`,
  why: 'A caller who sends itself a BYE with the same Call-ID ends the record, not the call.',
  fix: () => 'set the flag after loose_route() said yes, or account with dialogs: modparam("acc", "cdr_enable", 1)',
  bad: `${modules('tm', 'acc', 'textops')}modparam("acc", "log_flag", 1)\nrequest_route { if (is_method("BYE")) { setflag(1); } exit; }`,
  good: `${modules('tm', 'acc', 'textops', 'rr')}modparam("acc", "log_flag", 1)\nrequest_route { if (loose_route()) { if (is_method("BYE")) { setflag(1); } } exit; }`,
});
