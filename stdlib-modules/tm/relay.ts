/** Relaying, forwarding and replicating: names and arguments; what they do is in runtime/proxy/forward.ts. */
import {
  type Maybe,
  opt,
  type Proto,
  parseUri,
  type RouteContext,
  RouteError,
  TransactionFlag,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { onOff, tmOf } from './shared.js';

/** `sip:host:port`, for functions that name where to send. */
function toUri(host: string, port: string): string {
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return port === '' || port === '0' ? `sip:${bracketed}` : `sip:${bracketed}:${port}`;
}
/** `host:port` or `proto:host:port`. */
function relayTarget(text: string): { proto: Proto | null; uri: string } {
  const parts = /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(text);
  return { proto: (parts?.[1] as Proto | undefined) ?? null, uri: toUri(parts?.[2] ?? text, parts?.[3] ?? '') };
}
/** Protocol and `host[:port]` of the `_to` functions; null when one of them is not that. Without a port: 5060. */
function protoTarget(proto: string, address: string): { proto: Proto | null; uri: string } | null {
  const known = { udp: 'udp', tcp: 'tcp', tls: 'tls', sctp: 'sctp', '': null } as const;
  const key = proto.toLowerCase();
  const parts = /^(\[[^\]]*\]|[^:]+)(?::([0-9]{1,5}))?$/.exec(address);
  if (!(key in known) || parts === null || Number(parts[2] ?? 0) > 65_535) return null;
  return { proto: known[key as keyof typeof known], uri: toUri(parts[1] ?? '', parts[2] ?? '5060') };
}

export const relayReturns = {
  1: 'relayed (or a retransmission, taken care of)',
  0: 'not possible in this route',
  [-1]: 'not relayed; the error is answered when the script ends, unless the script answers',
  [-4]: 'not relayed, and nothing will be answered: t_set_disable_internal_reply(1)',
  [RouteError.config]: 'every branch was dropped in the branch route',
  [RouteError.noSocket]: 'no socket to send from',
  [RouteError.badTuple]: 'the request lacks header fields',
  [RouteError.tooManyBranches]: 'too many branches',
  [RouteError.badAddress]: 'the next hop cannot be resolved',
} as const;
const forwardReturns = {
  1: 'forwarded',
  [-1]: 'not forwarded, or an ACK, or no transaction (t_newtran() makes one)',
  [RouteError.config]: 'every branch was dropped in the branch route',
  [RouteError.noSocket]: 'no socket to send from',
  [RouteError.tooManyBranches]: 'too many branches',
  [RouteError.badAddress]: 'the next hop cannot be resolved',
} as const;

const hostAndPort = [opt(varStr('host', 'instead of the next hop')), opt(varStr('port'))] as const;
const hostPort = [varStr('host'), varStr('port')] as const;
const protoAddress = [varStr('proto', 'udp, tcp, tls or sctp'), varStr('address', 'host or host:port')] as const;
const runs = ['branch', 'onsend'] as const;
const over = (proto: Proto | null) => (proto ? ` over ${proto}` : '');

const lacks = (proto: Proto | null) => (proto === 'sctp' ? { lacks: 'SCTP' } : {});

const relay = (proto: Proto | null, name: string) => ({
  ...lacks(proto),
  doc: `Relays the request to its next hop, or to the host and port given${over(proto)}.`,
  args: hostAndPort,
  routes: ['request', 'failure'] as const,
  constArgs: true,
  returns: relayReturns,
  runs,
  example: `if (!${name}()) sl_reply_error();`,
  async: 'maybe' as const,
  run: (_me: unknown, ctx: RouteContext, host: string | undefined, port: string | undefined) =>
    tmOf(ctx).relay(ctx, { proto, uri: host === undefined ? null : toUri(host, port ?? '') }),
});
const forward = (proto: Proto | null, name: string) => ({
  ...lacks(proto),
  doc: `Forwards the request${over(proto)} to the host and port given; the transaction has to be there, errors are not answered.`,
  args: hostPort,
  routes: ['request'] as const,
  constArgs: true,
  returns: forwardReturns,
  runs,
  example: `t_newtran(); if (!${name}("127.0.0.1", "5099")) t_reply("500", "Failed");`,
  async: 'maybe' as const,
  run: (_me: unknown, ctx: RouteContext, host: string, port: string) =>
    tmOf(ctx).forwardNonAck(ctx, { proto, uri: toUri(host, port) }),
});
const replicate = (proto: Proto, name: string) => ({
  ...lacks(proto),
  doc: `Sends the request${over(proto)} to a second server too; its responses end here.`,
  args: hostPort,
  routes: ['request'] as const,
  constArgs: true,
  returns: relayReturns,
  runs,
  example: `${name}("127.0.0.1", "5099");`,
  async: 'maybe' as const,
  run: (_me: unknown, ctx: RouteContext, host: string, port: string) =>
    tmOf(ctx).relay(ctx, { proto, uri: toUri(host, port), replicate: true }),
});
const towards = (
  name: string,
  doc: string,
  returns: typeof relayReturns | typeof forwardReturns,
  send: (ctx: RouteContext, to: { proto: Proto | null; uri: string }) => Maybe<Verdict>,
) => ({
  doc,
  args: protoAddress,
  routes: ['request'] as const,
  constArgs: true,
  returns: returns as Readonly<Record<number, string>>,
  runs,
  example: `t_newtran(); ${name}("udp", "127.0.0.1:5099");`,
  async: 'maybe' as const,
  run(_me: unknown, ctx: RouteContext, proto: string, address: string): Maybe<Verdict> {
    const to = protoTarget(proto, address);
    return to === null ? -1 : send(ctx, to);
  },
});

export const relayFunctions = {
  t_relay: relay(null, 't_relay'),
  t_relay_to_udp: relay('udp', 't_relay_to_udp'),
  t_relay_to_tcp: relay('tcp', 't_relay_to_tcp'),
  t_relay_to_tls: relay('tls', 't_relay_to_tls'),
  t_relay_to_sctp: relay('sctp', 't_relay_to_sctp'),
  t_relay_to_avp: towards('t_relay_to_avp', 'Relays to the address given.', relayReturns, (ctx, to) =>
    tmOf(ctx).relay(ctx, to),
  ),
  t_relay_to: {
    doc: 'Relays to the proxy given, `proto:host:port`; the flags switch the automatic 100 (1), error answers (2) and DNS failover (4) off.',
    args: [opt(varStr('proxy', 'host, host:port or proto:host:port, or flags')), opt(varInt('flags'))] as const,
    routes: ['request', 'failure'] as const,
    constArgs: true,
    returns: relayReturns,
    runs,
    example: 't_relay_to("udp:10.0.0.1:5060", "1");',
    async: 'maybe' as const,
    run(_me: unknown, ctx: RouteContext, proxy: string | undefined, flags: number | undefined) {
      // Flags alone have no effect, as observed (the manual says otherwise): the next hop is taken.
      const onlyFlags = proxy !== undefined && /^(?:[0-9]+|0x[0-9a-f]+)$/i.test(proxy) && flags === undefined;
      const bits = flags ?? 0;
      if (bits & 1) onOff(ctx, TransactionFlag.auto100, false);
      if (bits & 2) onOff(ctx, TransactionFlag.disableInternalReply, true);
      if (bits & 4) onOff(ctx, TransactionFlag.disableFailover, true);
      return tmOf(ctx).relay(ctx, proxy === undefined || onlyFlags ? {} : relayTarget(proxy));
    },
  },
  t_relay_to_proxy: {
    doc: 'Relays to the proxy given.',
    args: [varStr('proxy', 'host, host:port or proto:host:port')] as const,
    routes: ['request', 'failure'] as const,
    returns: relayReturns,
    runs,
    example: 't_relay_to_proxy("udp:127.0.0.1:5099");',
    async: 'maybe' as const,
    run: (_me: unknown, ctx: RouteContext, proxy: string) => tmOf(ctx).relay(ctx, relayTarget(proxy)),
  },
  t_relay_cancel: {
    doc: 'Deals with a CANCEL whose INVITE is here and ends the script.',
    args: [] as const,
    routes: ['request'] as const,
    returns: { ...relayReturns, 1: 'no such INVITE', 0: 'done', [-1]: 'error' },
    runs: ['onsend'] as const,
    example: 'if (!t_relay_cancel()) sl_reply_error();',
    async: 'maybe' as const,
    run(_me: unknown, ctx: RouteContext): Maybe<Verdict> {
      if (tmOf(ctx).canceledBy(ctx.msg) === null) return 1;
      const result = tmOf(ctx).relay(ctx);
      return result instanceof Promise ? result.then((v) => Math.min(0, v)) : Math.min(0, result);
    },
  },
  t_forward_nonack: forward(null, 't_forward_nonack'),
  t_forward_nonack_udp: forward('udp', 't_forward_nonack_udp'),
  t_forward_nonack_tcp: forward('tcp', 't_forward_nonack_tcp'),
  t_forward_nonack_tls: forward('tls', 't_forward_nonack_tls'),
  t_forward_nonack_sctp: forward('sctp', 't_forward_nonack_sctp'),
  t_forward_nonack_uri: {
    doc: 'Forwards the request to its next hop; the transaction has to be there, errors are not answered.',
    args: [] as const,
    routes: ['request'] as const,
    returns: forwardReturns,
    runs,
    example: 't_newtran(); if (!t_forward_nonack_uri()) t_reply("500", "Failed");',
    async: 'maybe' as const,
    run: (_me: unknown, ctx: RouteContext) => tmOf(ctx).forwardNonAck(ctx, {}),
  },
  t_forward_nonack_to: towards(
    't_forward_nonack_to',
    'Forwards the request to the address given; the transaction has to be there, errors are not answered.',
    forwardReturns,
    (ctx, to) => tmOf(ctx).forwardNonAck(ctx, to),
  ),
  t_replicate: {
    doc: 'Sends the request to a second server too, named by a URI or by host and port; its responses end here.',
    args: [opt(varStr('hostOrUri')), opt(varStr('port'))] as const,
    routes: ['request'] as const,
    returns: relayReturns,
    runs,
    example: 't_replicate("sip:10.0.0.2:5060");',
    async: 'maybe' as const,
    run(_me: unknown, ctx: RouteContext, host: string | undefined, port: string | undefined): Maybe<Verdict> {
      if (host !== undefined && port === undefined && host !== '') {
        if (parseUri(host, ctx.grammar) === null) {
          ctx.log(-1, `no URI to replicate to: ${host}`, 'tm');
          return -1;
        }
        return tmOf(ctx).relay(ctx, { uri: host, replicate: true });
      }
      return tmOf(ctx).relay(ctx, { uri: host ? toUri(host, port ?? '') : null, replicate: true });
    },
  },
  t_replicate_udp: replicate('udp', 't_replicate_udp'),
  t_replicate_tcp: replicate('tcp', 't_replicate_tcp'),
  t_replicate_tls: replicate('tls', 't_replicate_tls'),
  t_replicate_sctp: replicate('sctp', 't_replicate_sctp'),
  t_replicate_to: towards(
    't_replicate_to',
    'Sends the request to the address given too; its responses end here.',
    relayReturns,
    (ctx, to) => tmOf(ctx).relay(ctx, { ...to, replicate: true }),
  ),
};
