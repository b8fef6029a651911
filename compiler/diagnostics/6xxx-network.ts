/** Lint: addresses, databases, tracing, versions. Codes go on from `6xxx-security.ts`. */
import { defineDiagnostic } from './define.js';
import { modules } from './examples.js';

export const advertiseMissing = defineDiagnostic('SIPC6059', 'advertise-missing', {
  severity: 'warning',
  message: (a: { address: string; how: 'via-only' | 'public' }) =>
    a.how === 'via-only'
      ? 'advertised_address goes into Via only; Record-Route shows the address of the socket'
      : `${a.address} is private, and this cfg sends to a public address`,
  why: 'What follows in the call is sent to the address in Record-Route, which nobody outside can reach.',
  fix: (a) =>
    a.how === 'via-only'
      ? 'listen=udp:ADDRESS:PORT advertise NAME:PORT'
      : `listen=udp:${a.address}:5060 advertise PUBLIC:5060`,
  bad: `listen=udp:10.0.0.1:5060\n${modules('rr')}advertised_address="sip.example.com"\nrequest_route { record_route(); exit; }`,
  good: `listen=udp:10.0.0.1:5060 advertise sip.example.com:5060\n${modules('rr')}request_route { record_route(); exit; }`,
});

export const advertiseBrackets = defineDiagnostic('SIPC6060', 'advertise-unbracketed-ipv6', {
  severity: 'warning',
  message: (a: { host: string }) => `${a.host} is read as one address, its port included`,
  why: 'Via and Record-Route then show an address nobody has.',
  fix: (a) => `advertise [${a.host.replace(/:(\d+)$/, ']:$1')}`,
  bad: 'listen=udp:[::1]:5060 advertise 2001:db8::1:5060\nrequest_route { exit; }',
  good: 'listen=udp:[::1]:5060 advertise [2001:db8::1]:5060\nrequest_route { exit; }',
});

export const bridgeWithoutDouble = defineDiagnostic('SIPC6061', 'bridge-without-double-rr', {
  severity: 'warning',
  message: (a: { between: string }) => `this proxy stands between ${a.between}, and enable_double_rr is off`,
  why: 'With one Record-Route both sides get the address of one of them; requests of the other side come nowhere.',
  fix: () => 'modparam("rr", "enable_double_rr", 1), which is the default',
  bad: `listen=udp:127.0.0.1:5060\nlisten=tcp:127.0.0.1:5060\n${modules('rr')}modparam("rr", "enable_double_rr", 0)\nrequest_route { record_route(); exit; }`,
  good: `listen=udp:127.0.0.1:5060\nlisten=tcp:127.0.0.1:5060\n${modules('rr')}modparam("rr", "enable_double_rr", 1)\nrequest_route { record_route(); exit; }`,
});

export const cfgTraceLeftOn = defineDiagnostic('SIPC6062', 'cfgtrace-left-on', {
  severity: 'hint',
  message: () => 'each statement of each message is written to the log',
  why: 'A log of this size hides what matters, and writing it takes longer than routing.',
  fix: () => 'modparam("debugger", "cfgtrace", 0); switch it on at run time when it is needed',
  bad: `${modules('debugger')}modparam("debugger", "cfgtrace", 1)\nrequest_route { exit; }`,
  good: `${modules('debugger')}modparam("debugger", "cfgtrace", 0)\nrequest_route { exit; }`,
});

export const databaseDriver = defineDiagnostic('SIPC6063', 'database-module-missing', {
  severity: 'error',
  message: (a: { scheme: string; module: string }) =>
    `${a.scheme}:// needs the module ${a.module}, which is not loaded`,
  why: 'Kamailio reads the cfg without complaint and then does not start.',
  fix: (a) => `add loadmodule "${a.module}.so" above`,
  bad: `${modules('usrloc')}modparam("usrloc", "db_url", "mysql://kamailio@localhost/kamailio")\nmodparam("usrloc", "db_mode", 2)\nrequest_route { exit; }`,
  good: `${modules('db_mysql', 'usrloc')}modparam("usrloc", "db_url", "mysql://kamailio@localhost/kamailio")\nmodparam("usrloc", "db_mode", 2)\nrequest_route { exit; }`,
});

export const sinceVersion = defineDiagnostic('SIPC6064', 'since-version', {
  severity: 'hint',
  message: (a: { what: string; since: string; target: string }) =>
    `Kamailio has ${a.what} since ${a.since}, and the cfg is for ${a.target}`,
  why: 'A Kamailio of that version does not start with this cfg.',
  fix: () => 'leave it out, or name a newer target',
  bad: `${modules('math')}# kamailio-target: 5.6\nrequest_route { exit; }`,
  good: `${modules('pv')}# kamailio-target: 5.6\nrequest_route { exit; }`,
});
