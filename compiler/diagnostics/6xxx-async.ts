/** Lint: waiting, suspending and repeated requests. Codes go on from `6xxx-lint.ts`. */
import { defineDiagnostic } from './define.js';
import { modules } from './examples.js';

export const retcodeCasesIgnored = defineDiagnostic('SIPC6043', 'retcode-cases-ignored', {
  severity: 'hint',
  message: (a: { name: string; code: number; means: string }) =>
    `${a.name}() says no in more than one way: ${a.code} is ${a.means}`,
  why: 'Tested only for true and false, what is different is treated alike.',
  fix: (a) => `look at $rc right after the call: if ($rc == ${a.code}) …`,
  bad: `${modules('sl', 'usrloc', 'registrar', 'textops')}modparam("registrar", "method_filtering", 1)\nrequest_route { if (is_method("REGISTER")) { save("location"); exit; } if (!lookup("location")) { sl_send_reply("404", "Not Found"); } exit; }`,
  good: `${modules('sl', 'pv', 'usrloc', 'registrar', 'textops')}modparam("registrar", "method_filtering", 1)\nrequest_route { if (is_method("REGISTER")) { save("location"); exit; } if (!lookup("location")) { if ($rc == -2) sl_send_reply("405", "Not Allowed"); else sl_send_reply("404", "Not Found"); } exit; }`,
});

export const blockingCall = defineDiagnostic('SIPC6044', 'blocking-call', {
  severity: 'warning',
  message: (a: { name: string; where: 'everywhere' | 'reply' }) =>
    a.where === 'reply'
      ? `every response waits here until ${a.name}() is done`
      : `${a.name}() keeps the sender waiting, and it repeats the request meanwhile`,
  why: 'In Kamailio a worker can do nothing else in that time. With sipc no worker is held up, but the call is, and it counts against the messages in flight.',
  fix: (a) =>
    a.where === 'reply'
      ? 'do it in the request route, and keep the result in $avp'
      : 'async_sleep(), or a timer, does not hold up anything',
  bad: `${modules('cfgutils')}request_route { sleep("2"); exit; }`,
  good: `${modules('tm', 'async')}request_route { async_sleep("2"); exit; }`,
});

export const noRetransmissionAbsorb = defineDiagnostic('SIPC6045', 'no-retransmission-absorb', {
  severity: 'hint',
  message: (a: { name: string }) => `${a.name}() runs again for each repetition of a request`,
  why: 'A phone repeats what is not answered at once, up to ten times, and each one costs as much as the first: a digest, a query.',
  fix: () => 'begin with if (t_precheck_trans()) { t_check_trans(); exit; } t_check_trans();',
  bad: `${modules('tm', 'sl', 'auth', 'pike')}modparam("auth", "nonce_count", 1)\nrequest_route { if (!pike_check_req()) exit; if (!pv_auth_check("example.com", "secret", "0", "0")) { auth_challenge("example.com", "1"); exit; } t_newtran(); t_reply("404", "Not Found"); exit; }`,
  good: `${modules('tm', 'sl', 'auth', 'pike')}modparam("auth", "nonce_count", 1)\nrequest_route { if (!pike_check_req()) exit; t_check_trans(); if (!pv_auth_check("example.com", "secret", "0", "0")) { auth_challenge("example.com", "1"); exit; } t_newtran(); t_reply("404", "Not Found"); exit; }`,
});

export const suspendWithoutTransaction = defineDiagnostic('SIPC6046', 'suspend-without-transaction', {
  severity: 'warning',
  message: (a: { name: string }) => `${a.name}() is called before there is a transaction`,
  why: 'It then suspends nothing: the route that gets the answer has no request to answer.',
  fix: (a) => `t_newtran(); before ${a.name}()`,
  bad: `${modules('tm', 'http_async_client')}request_route { http_async_query("http://127.0.0.1/", "DONE"); exit; }\nroute[DONE] { exit; }`,
  good: `${modules('tm', 'http_async_client')}request_route { t_newtran(); http_async_query("http://127.0.0.1/", "DONE"); exit; }\nroute[DONE] { exit; }`,
});

export const resumeContext = defineDiagnostic('SIPC6047', 'resume-context-mismatch', {
  severity: 'warning',
  message: (a: { name: string; resumed: string; by: string; allowed: readonly string[] }) =>
    `${a.name}() works in ${a.allowed.join(', ')}, and route[${a.resumed}] is resumed by ${a.by}() as a failure route`,
  why: 'A transaction that was suspended goes on in the way a failure route runs, whatever the block is called.',
  fix: () => 'do it before the transaction is suspended',
  bad: `${modules('tm', 'maxfwd', 'async')}request_route { async_route("LATER", "2"); exit; }\nroute[LATER] { if (!mf_process_maxfwd_header("10")) exit; t_reply("404", "Not Found"); }`,
  good: `${modules('tm', 'maxfwd', 'async', 'sl')}request_route { if (!mf_process_maxfwd_header("10")) exit; async_route("LATER", "2"); exit; }\nroute[LATER] { t_reply("404", "Not Found"); }`,
});

export const continueNotSuspended = defineDiagnostic('SIPC6048', 'continue-not-suspended', {
  severity: 'warning',
  message: (a: { name: string; before: string }) =>
    `${a.name}() is reached after ${a.before}() has suspended the request`,
  why: 'From then on the request belongs to whoever continues it: what is done to it here as well is done twice, or to a transaction that has ended.',
  fix: (a) => `exit; right after ${a.before}()`,
  bad: `${modules('tm', 'tmx', 'sl')}request_route { t_suspend(); sl_send_reply("404", "Not Found"); exit; }`,
  good: `${modules('tm', 'tmx', 'sl')}request_route { t_suspend(); exit; }`,
});

export const stateLost = defineDiagnostic('SIPC6067', 'state-lost-across-suspend', {
  severity: 'warning',
  message: (a: { text: string; by: string }) => `${a.text} is not what it was before ${a.by}()`,
  why: 'What goes on after a suspension runs in another process, and this belongs to the process; it then has what another message left there. AVPs, XAVPs and message flags belong to the transaction and come along.',
  fix: (a) => `keep it in $avp(…) before ${a.by}()`,
  bad: `${modules('tm', 'pv', 'xlog', 'async')}request_route { $var(peer) = $si; async_route("LATER", "2"); exit; }\nroute[LATER] { xlog("from $var(peer)\\n"); t_reply("404", "Not Found"); }`,
  good: `${modules('tm', 'pv', 'xlog', 'async')}request_route { $avp(peer) = $si; async_route("LATER", "2"); exit; }\nroute[LATER] { xlog("from $avp(peer)\\n"); t_reply("404", "Not Found"); }`,
});
