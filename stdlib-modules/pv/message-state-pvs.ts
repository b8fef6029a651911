/** Pseudo-variables of the message on its way: what is sent (onsend routes), what became of it, where its reply goes. */
import {
  applyChanges,
  ParseFailure,
  type PvSpec,
  parseMessage,
  type RouteContext,
  type Sending,
  type Value,
  type Via,
} from '../../runtime/sdk/index.js';
import { intPv, keyedPv, type PvMe, type PvTable, protoNumbers, strPv } from './spec.js';

const sendKeys = ['ip', 'af', 'port', 'proto', 'sproto', 'buf', 'len'] as const;
/** Onsend routes only; null elsewhere. */
const sending = (doc: string, ip: (s: Sending) => string, port: (s: Sending) => number): PvSpec<PvMe, RouteContext> =>
  keyedPv(doc, 'any', sendKeys, (ctx, key) => {
    const s = ctx.sending;
    if (s === null) return null;
    switch (key) {
      case 'ip':
        return ip(s);
      case 'af':
        return s.hop.socket.family === 6 ? 10 : 2;
      case 'port':
        return port(s);
      case 'proto':
        return protoNumbers[s.hop.socket.proto];
      case 'sproto':
        return s.hop.socket.proto;
      case 'buf':
        return s.bytes;
      case 'len':
        return s.bytes.length;
    }
  });
const target = (doc: string) =>
  sending(
    doc,
    (s) => s.hop.ip,
    (s) => s.hop.port,
  );

const replyKeys = ['duri', 'dhost', 'dport', 'dproto', 'dprotoid', 'cntvia', 'cntrr'] as const;
/** Where a response goes when it is passed on: the second Via. */
function replyTarget(via: Via, key: 'duri' | 'dhost' | 'dport' | 'dproto' | 'dprotoid'): Value {
  const host = via.received || via.host;
  const rport = via.rport ?? '';
  if (rport !== '' && !/^\d{1,9}$/.test(rport)) return null;
  const port = Number(rport) || via.port || 5060;
  const proto = via.proto ?? 'udp';
  switch (key) {
    case 'duri':
      return `sip:${host}:${port};transport=${proto}`;
    case 'dhost':
      return host;
    case 'dport':
      return port;
    case 'dproto':
      return proto;
    case 'dprotoid':
      return protoNumbers[via.proto ?? 'none'];
  }
}
function replyAttribute({ msg }: RouteContext, key: (typeof replyKeys)[number]): Value {
  if (msg.isRequest) return null;
  if (key === 'cntvia') return msg.vias().length;
  if (key === 'cntrr') {
    const { entries, ok } = msg.entries('Record-Route');
    return ok ? entries.length : null;
  }
  const via = msg.vias()[1];
  return via === undefined ? null : replyTarget(via, key);
}

/** -1 outside the message. */
function offsetIn({ msg }: RouteContext, key: string): number {
  const at = /^[+-]?\d{1,9}$/.test(key) ? Number(key) : 0;
  return at < msg.raw.length ? at : -1;
}
/** The message with another byte at this place takes the place of the old one; its start and headers are read anew. */
function setByte(ctx: RouteContext, key: string, value: Value): boolean {
  const at = offsetIn(ctx, key);
  if (at < 0 || typeof value !== 'string' || value === '') return false;
  const { raw, received, id } = ctx.msg;
  const changed = parseMessage(`${raw.slice(0, at)}${value[0]}${raw.slice(at + 1)}`, received, ctx.grammar, id);
  if (changed instanceof ParseFailure || changed.isRequest !== ctx.msg.isRequest) {
    ctx.log(-1, `$msgbuf(${key}): with this byte it is no message any more`, 'pv');
    return false;
  }
  ctx.msg = changed;
  return true;
}

const noError = (doc: string) => strPv(doc, () => null);

export const messageStatePvs = {
  snd: target('where the message is being sent (onsend routes)'),
  sndto: target('where the message is being sent (onsend routes)'),
  sndfrom: sending(
    'the socket the message is being sent from (onsend routes)',
    (s) => s.hop.socket.local.ip,
    (s) => s.hop.socket.local.port,
  ),
  msgbuf: {
    doc: 'one byte of the message, with a NUL after it; assigned in place',
    type: 'str',
    key: { use: 'req', dynamic: true },
    get: (_me: PvMe, ctx: RouteContext, key: string) => {
      const at = offsetIn(ctx, key);
      return at < 0 ? null : `${ctx.msg.raw[at]}\0`;
    },
    set: (_me: PvMe, ctx: RouteContext, value: Value, key: string) => value === null || setByte(ctx, key, value),
  },
  rpl: keyedPv(
    'of a response: where it goes next, how many Via and Record-Route it has',
    'any',
    replyKeys,
    replyAttribute,
  ),
  mbu: strPv('the message with the changes made so far', (ctx) => applyChanges(ctx.msg, ctx.draft)?.raw ?? null),
  ksr: keyedPv('version of Kamailio this is compatible with', 'any', ['ver', 'verval'], (_ctx, key) =>
    key === 'ver' ? '5.6.3' : 5_006_003,
  ),
  'err.class': intPv('always null, as in Kamailio', () => null),
  'err.level': intPv('always null, as in Kamailio', () => null),
  'err.info': noError('always null, as in Kamailio'),
  'err.rcode': intPv('always null, as in Kamailio', () => null),
  'err.rreason': noError('always null, as in Kamailio'),
} satisfies PvTable;
