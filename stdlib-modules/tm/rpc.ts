/** Commands: transactions listed, answered, canceled; requests of our own sent (rpc_uac.c, t_reply.c, t_cancel.c). */
import {
  errorResponse,
  fromHex,
  HeaderId,
  type LocalOutcome,
  parseNameAddrList,
  type RpcCall,
  RpcStruct,
  reasonOf,
  type ServerApi,
  type SipMessage,
  type Transaction,
} from '../../runtime/sdk/index.js';
import { localRequestOf } from './local.js';
import type { TmState } from './shared.js';

/** Kamailio's bound on a hard clean-up: this long after the end of its life a transaction is stuck. */
const STUCK_AFTER_MS = 90_000;

/** Destroys transactions that should have ended long ago; how many. */
export function cleanStuck(server: ServerApi): number {
  const before = server.env.clock.monotonic() - STUCK_AFTER_MS;
  const stuck = [...server.transactions.all()].filter((t) => t.endOfLifeMs < before);
  for (const t of stuck) {
    server.log(
      0,
      'tm',
      `transaction ${t.index}:${t.label} (${t.request.method}, ${t.request.callId}) did not end: removed`,
    );
    server.transactions.destroy(t);
  }
  return stuck.length;
}

function stats(call: RpcCall, server: ServerApi): void {
  const c = server.transactions.counters;
  const result = new RpcStruct();
  result.add('current', c.transactions);
  result.add('waiting', c.waiting);
  result.add('total', c.created);
  result.add('total_local', c.local);
  result.add('rpl_received', c.repliesReceived);
  result.add('rpl_generated', c.repliesGenerated);
  result.add('rpl_sent', c.repliesSent);
  for (const k of [6, 5, 4, 3, 2] as const) result.add(`${k}xx`, c.finals[k]);
  result.add('created', c.created);
  result.add('freed', c.freed);
  result.add('delayed_free', c.delayedFree);
  call.add(result);
}

const line = (msg: SipMessage, id: HeaderId): string => {
  const h = msg.header(id);
  return h ? msg.raw.slice(h.start, h.end) : '';
};

/** One struct a slot of the table, its transactions one after the other, as Kamailio has it. */
function list(call: RpcCall, server: ServerApi): void {
  const slots = new Map<number, Transaction[]>();
  for (const t of server.transactions.all()) slots.set(t.index, [...(slots.get(t.index) ?? []), t]);
  for (const index of [...slots.keys()].sort((a, b) => a - b)) {
    const struct = call.struct();
    for (const t of slots.get(index) ?? []) {
      const { request } = t;
      struct.add('cell', `${t.index}:${t.label}`);
      struct.add('tindex', t.index);
      struct.add('tlabel', t.label);
      struct.add('method', request.method);
      struct.add('from', line(request, HeaderId.From));
      struct.add('to', line(request, HeaderId.To));
      struct.add('callid', line(request, HeaderId.CallId));
      struct.add('cseq', line(request, HeaderId.CSeq).replace(/[ \t]*[A-Za-z]+\r?\n$/, ''));
      struct.add('uas_request', t.isOriginated ? 'no' : 'yes');
      struct.add('tflags', t.flags);
      struct.add('outgoings', t.branches.length);
      struct.add('ref_count', 1);
      struct.add('lifetime', Math.round(t.endOfLifeMs / 1000));
    }
  }
}

function hashStats(call: RpcCall): void {
  call.fault(500, 'Hash statistics not supported (tryrecompiling with -DTM_HASH_STATS)');
}

const byCall = (server: ServerApi, callId: string, cseq: string): Transaction | undefined =>
  server.transactions.byCall(callId, cseq).find((t) => t.request.method !== 'CANCEL' && t.request.method !== 'ACK');

function cancel(call: RpcCall, server: ServerApi): void {
  const callId = call.str();
  const cseq = call.str();
  if (callId === undefined || cseq === undefined) {
    call.fault(400, 'Callid and CSeq expected as parameters');
    return;
  }
  const t = byCall(server, callId, cseq);
  if (!t) {
    call.fault(400, 'Transaction not found');
    return;
  }
  server.transactions.cancelBranches(t, undefined, '', {});
  call.add(t.branches.filter((b) => b.canceled && b.request.running).length);
  call.add('branches remaining (waiting for timeout)');
}

/** `.` or nothing: none. */
const given = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text);

function answer(call: RpcCall, server: ServerApi, t: Transaction, status: number, reason: string, toTag: string): void {
  const headers = given(call.str());
  const body = given(call.str());
  if (call.faulted) return;
  const lines = headers === undefined || headers.endsWith('\n') ? headers : `${headers}\r\n`;
  if (!server.transactions.replyTo(t, status, reason, { toTag: given(toTag), headers: lines, body }))
    call.fault(500, 'Reply failed');
}
/** Text, or a fault with what was expected. */
function expected(call: RpcCall, what: string): string | undefined {
  const value = call.str();
  if (value === undefined) call.fault(400, `${what} expected`);
  return value;
}
function status(call: RpcCall): number | undefined {
  const code = call.int();
  if (code === undefined) call.fault(400, 'Reply code expected');
  return code;
}

function reply(call: RpcCall, server: ServerApi): void {
  const code = status(call);
  if (code === undefined) return;
  const reason = expected(call, 'Reason phrase');
  if (reason === undefined) return;
  const id = expected(call, 'Transaction ID');
  if (id === undefined) return;
  const toTag = expected(call, 'To tag');
  if (toTag === undefined) return;
  const parts = /^\s*([0-9]+):([0-9]+)/.exec(id);
  if (!parts) {
    call.fault(400, 'Invalid transaction ID');
    return;
  }
  const t = server.transactions.byIdent(Number(parts[1]), Number(parts[2]));
  if (t === null) call.fault(481, 'No such transaction');
  else answer(call, server, t, code, reason, toTag);
}

function replyCallId(call: RpcCall, server: ServerApi): void {
  const code = status(call);
  if (code === undefined) return;
  const reason = expected(call, 'Reason phrase');
  if (reason === undefined) return;
  const callId = expected(call, 'Call-ID');
  if (callId === undefined) return;
  const cseq = expected(call, 'CSeq');
  if (cseq === undefined) return;
  const toTag = expected(call, 'To tag');
  if (toTag === undefined) return;
  const t = byCall(server, callId, cseq);
  if (!t) call.fault(404, 'Transaction not found');
  else answer(call, server, t, code, reason, toTag);
}

function retransmit(call: RpcCall, server: ServerApi, t: Transaction | null | undefined): void {
  if (!t) call.fault(404, 'Transaction not found');
  else if (!server.transactions.retransmitReply(t)) call.fault(500, 'Reply failed');
}

/** A 2xx with a To tag: Request-URI and next hop of the dialog, and its routes. Else nothing, or empty for no response. */
function addTarget(call: RpcCall, msg: SipMessage): void {
  if (msg.status >= 300 || !msg.to?.tag) return;
  const contact = msg.nameAddr(HeaderId.Contact)?.uriText ?? '';
  const routes = msg
    .headersOf(HeaderId.RecordRoute)
    .flatMap((h) => parseNameAddrList(msg.value(h), msg.grammar) ?? [])
    .reverse();
  call.add(contact);
  call.add(routes[0]?.uriText ?? contact);
  call.add(routes.length === 0 ? '' : `Route: ${routes.map(({ text }) => text).join(', ')}`);
}

interface Sending {
  readonly waits: 'no' | 'response' | 'status';
  /** Who asked acknowledges a 2xx. */
  readonly ownAck?: boolean;
  /** The body comes as hexadecimal digits. */
  readonly hexBody?: boolean;
  readonly frTimerMs?: number | undefined;
  readonly frInvTimerMs?: number | undefined;
}

/** `name=value;…` of tm.t_uac_attrs; what is not known is logged and left. */
function readAttributes(text: string, server: ServerApi): Sending {
  let waits: Sending['waits'] = 'no';
  let ownAck = false;
  let hexBody = false;
  const timers: { frTimerMs?: number; frInvTimerMs?: number } = {};
  for (const each of text.split(';').filter((one) => one.trim() !== '')) {
    const [name = '', value = ''] = each.split('=').map((word) => word.trim().toLowerCase());
    const number = /^\d{1,9}$/.test(value) ? Number(value) : 0;
    if (name === 'mode' && value in MODES) waits = MODES[value as keyof typeof MODES];
    else if (name === 'cbflags' && value === 'noack') ownAck = true;
    else if (name === 'rpflags') hexBody = (number & 1) !== 0;
    else if (name === 'fr_timeout' && number > 0) timers.frTimerMs = number;
    else if (name === 'fr_inv_timeout' && number > 0) timers.frInvTimerMs = number;
    else server.log(-1, 'tm', `tm.t_uac_attrs: unknown attribute ${name}=${value}`);
  }
  return { waits, ownAck, hexBody, ...timers };
}
const MODES = { start: 'no', wait: 'response', block: 'status' } as const;

/** Most commands that wait for a response at a time. */
const MAX_WAITING = 256;

/** `given` null: the first parameter says how. */
async function uac(call: RpcCall, server: ServerApi, given: Sending | null, state: { waiting: number }) {
  const attributes = given === null ? call.text() : '';
  if (attributes === undefined) {
    call.fault(400, 'too few parameters (0/6)');
    return;
  }
  const how = given ?? readAttributes(attributes, server);
  const { waits } = how;
  const values = [call.text(), call.text(), call.text(), call.text(), call.text()];
  const got = values.filter((v) => v !== undefined).length;
  if (got < 5) {
    // As Kamailio writes it: the count with a minus.
    call.fault(400, `too few parameters (${got === 0 ? 0 : -got}/5)`);
    return;
  }
  const [method = '', uri = '', nextHop = '', socket = '', headers = ''] = values;
  const text = call.optText() ?? '';
  const body = how.hexBody && text !== '' ? fromHex(text) : text;
  if (body === null) {
    call.fault(400, 'Invalid hexa body');
    return;
  }
  const request = localRequestOf(server, { method, uri, nextHop, socket, headers, body }, true);
  if (typeof request === 'string') {
    call.fault(400, request);
    return;
  }
  if (waits !== 'no' && state.waiting >= MAX_WAITING) {
    call.fault(503, 'too many commands wait for a response');
    return;
  }
  let answered: (outcome: LocalOutcome) => void = () => {};
  const outcome = new Promise<LocalOutcome>((resolve) => {
    answered = resolve;
  });
  const { ownAck, frTimerMs, frInvTimerMs } = how;
  const { code } = await server.transactions.request({
    ...request,
    ownAck,
    frTimerMs,
    frInvTimerMs,
    completed: answered,
  });
  if (code <= 0) {
    const error = errorResponse(code, 'RPC/UAC');
    call.fault(error.status, error.reason);
    return;
  }
  if (waits === 'no' || method === 'ACK') return;
  state.waiting++;
  const final = await outcome;
  state.waiting--;
  const reason = final.reply?.reason ?? reasonOf(final.status);
  if (waits === 'status') {
    call.add(new RpcStruct({ code: final.status, text: reason }));
    return;
  }
  call.add(final.status);
  call.add(reason);
  if (final.reply === null) for (let i = 0; i < 4; i++) call.add('');
  else {
    addTarget(call, final.reply);
    call.add(final.reply.raw.slice(final.reply.headers[0]?.start ?? 0));
  }
}

interface Me {
  readonly state: TmState;
}
const command = (doc: string, run: (call: RpcCall, server: ServerApi) => void) => ({
  doc,
  run: (_me: unknown, call: RpcCall, server: ServerApi) => run(call, server),
});
const send = (doc: string, how: Sending | null, array = false) => ({
  doc,
  array,
  run: (me: Me, call: RpcCall, server: ServerApi) => uac(call, server, how, me.state),
});

/** The command and its kin: without the ACK to a 2xx, with the body in hexadecimal digits, with both. */
function sending(name: string, doc: string, waits: Sending['waits']) {
  const array = waits === 'response';
  const noAck = `As ${name}; a 2xx is not acknowledged here.`;
  const hex = ' The body as hexadecimal digits.';
  return {
    [name]: send(doc, { waits }, array),
    [`${name}_hex`]: send(doc + hex, { waits, hexBody: true }, array),
    [`${name}_noack`]: send(noAck, { waits, ownAck: true }, array),
    [`${name}_noack_hex`]: send(noAck + hex, { waits, ownAck: true, hexBody: true }, array),
  };
}

export const rpcCommands = {
  'tm.stats': command('Counters of transactions.', stats),
  'tm.hash_stats': command('Fill of the hash table: not kept, as in the packages of Kamailio.', hashStats),
  'tm.list': { ...command('Transactions there are.', list), array: true },
  'tm.clean': command(
    'Removes transactions that should have ended long ago.',
    (_call, server) => void cleanStuck(server),
  ),
  'tm.cancel': command('Cancels the branches of a request: Call-ID, CSeq number.', cancel),
  'tm.reply': command('Answers a transaction: code, reason, `index:label`, To tag, headers, body.', reply),
  'tm.reply_callid': command(
    'Answers a request: code, reason, Call-ID, CSeq number, To tag, headers, body.',
    replyCallId,
  ),
  'tm.retransmit_reply': command('Sends the last response again: `index:label`.', (call, server) => {
    const parts = /^\s*([0-9]+):([0-9]+)/.exec(expected(call, 'Transaction ID') ?? '');
    retransmit(call, server, parts && server.transactions.byIdent(Number(parts[1]), Number(parts[2])));
  }),
  'tm.retransmit_reply_callid': command('Sends the last response again: Call-ID, CSeq number.', (call, server) => {
    const callId = expected(call, 'Call-ID');
    const cseq = expected(call, 'CSeq');
    if (callId !== undefined && cseq !== undefined) retransmit(call, server, byCall(server, callId, cseq));
  }),
  ...sending('tm.t_uac_start', 'Sends a request: method, Request-URI, next hop, socket, headers, body.', 'no'),
  ...sending('tm.t_uac_wait', 'Sends a request and answers with its final response.', 'response'),
  ...sending(
    'tm.t_uac_wait_block',
    'Sends a request and answers with status and reason of its final response.',
    'status',
  ),
  'tm.t_uac_attrs': send(
    'As the others, after attributes: `mode=wait;cbflags=noack;rpflags=1;fr_timeout=5000;fr_inv_timeout=60000`.',
    null,
    true,
  ),
};
