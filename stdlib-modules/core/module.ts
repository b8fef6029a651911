/** core: what a cfg can name without any loadmodule. Its global parameters are declared in runtime/settings.ts. */
import {
  avpFlag,
  avpName,
  avpNamed,
  defineModule,
  flag,
  hostPort,
  int,
  opt,
  type Proto,
  type RouteContext,
  str,
  type Verdict,
  varInt,
} from '../../runtime/sdk/index.js';
import { definitionPvs } from './definition-pvs.js';
import { selectInstance } from './instances.js';
import { coreParams } from './params.js';
import { coreSelects } from './selects/index.js';
import { done, fn, uriFunctions } from './uri.js';

const levels: Readonly<Record<string, -5 | -4 | -3 | -2 | -1 | 0 | 1 | 2 | 3>> = {
  L_ALERT: -5,
  L_BUG: -4,
  L_CRIT2: -3,
  L_CRIT: -2,
  L_ERR: -1,
  L_WARN: 0,
  L_NOTICE: 1,
  L_INFO: 2,
  L_DBG: 3,
};
const levelOf = (text: string) => levels[text] ?? (Math.max(-5, Math.min(3, Number.parseInt(text, 10) || 0)) as -5 | 3);

/** A switch of the run: `force_rport()`, `set_reply_no_connect()` …, also written without parentheses. */
const switchOn = (doc: string, name: string, set: (ctx: RouteContext) => void, aliases: string[] = []) =>
  fn({
    doc,
    args: [],
    routes: ['any'],
    aliases,
    returns: done,
    example: `${name}();`,
    run(_me, ctx) {
      set(ctx);
      return 1;
    },
  });

/** Host and port as a cfg writes them; `uri:host` and no host at all mean the message's own next hop. */
function nextHopUri(host: string | undefined, port: string | undefined): string | null {
  if (host === undefined || host === 'uri:host') return null;
  const withPort = port === undefined || port === 'uri:port' || port === '0' ? host : `${host}:${port}`;
  return `sip:${withPort}`;
}
/** Only forward() may leave the host out (cfg.y). */
const nextHopArgs = [opt(str('host')), opt(str('port'))] as const;
const hopArgs = [str('host'), opt(str('port'))] as const;
const forwardOver = (proto: Proto | null, name: string) =>
  fn({
    ...(proto === 'sctp' && { lacks: 'SCTP' }),
    doc:
      proto === null
        ? 'Forwards the request without a transaction; without a host to its next hop.'
        : `Forwards the request without a transaction over ${proto}; \`uri:host\` is its next hop.`,
    args: proto === null ? nextHopArgs : hopArgs,
    routes: ['any'],
    async: 'maybe',
    runs: ['onsend'],
    returns: {
      1: 'sent',
      [-1]: 'could not be forwarded',
      [-7]: 'no listen socket of that protocol',
      [-477]: 'could not be sent',
      [-478]: 'the next hop cannot be resolved',
      [-479]: 'the next hop is no URI',
      [-480]: 'the protocol is not supported',
    },
    example: `${name}("127.0.0.1", 5070);`,
    run(_me, ctx, host, port): Verdict | Promise<Verdict> {
      if (proto === 'sctp') ctx.log(-1, `${name}: SCTP is not there: Node has no sockets for it`, 'core');
      return ctx.server.transactions.forward(ctx, { uri: nextHopUri(host, port), proto });
    },
  });

const bit = (number: number) => 1 << number;

/**
 * `setavpflag()` and its kin: true when the flag is set afterwards, as action.c has it, so that a reset one is always false.
 */
const avpFlagFunction = (name: string, doc: string, change: (flags: number, flag: number) => number) =>
  fn({
    doc: `${doc} False without such an AVP, and where it has several values.`,
    args: [avpNamed(), avpFlag()],
    routes: ['any'],
    returns: { 1: 'the flag is set', [-1]: 'it is not, or there is not one such AVP' },
    example: `avpflags billed\nroute[BILL] { $avp(account) = 1; if (${name}("account", "billed")) exit; }`,
    run(_me, ctx, avp, number) {
      const key = avpName(avp);
      const before = ctx.avps.flags(key);
      if (before === null) return -1;
      const flags = change(before, bit(number));
      if (flags !== before) ctx.avps.setFlags(key, flags);
      return flags & bit(number) ? 1 : -1;
    },
  });

export default defineModule({
  name: 'core',
  doc: 'What needs no loadmodule: flags, Request-URI, stateless forwarding, sockets.',
  uses: [],
  params: coreParams,
  stats: {},
  functions: {
    ...uriFunctions,
    forward: forwardOver(null, 'forward'),
    forward_udp: forwardOver('udp', 'forward_udp'),
    forward_tcp: forwardOver('tcp', 'forward_tcp'),
    forward_tls: forwardOver('tls', 'forward_tls'),
    forward_sctp: forwardOver('sctp', 'forward_sctp'),
    setflag: fn({
      doc: 'Sets a message flag.',
      args: [flag()],
      routes: ['any'],
      returns: done,
      example: 'setflag(1);',
      run(_me, ctx, number) {
        ctx.draft.flags |= bit(number);
        return 1;
      },
    }),
    resetflag: fn({
      doc: 'Clears a message flag.',
      args: [flag()],
      routes: ['any'],
      returns: done,
      example: 'resetflag(1);',
      run(_me, ctx, number) {
        ctx.draft.flags &= ~bit(number);
        return 1;
      },
    }),
    isflagset: fn({
      doc: 'True when a message flag is set.',
      args: [flag()],
      routes: ['any'],
      returns: { 1: 'set', [-1]: 'not set' },
      example: 'if (isflagset(1)) { xlog("flagged\\n"); }',
      run: (_me, ctx, number) => (ctx.draft.flags & bit(number) ? 1 : -1),
    }),
    force_rport: switchOn(
      'Answers go to the source port, whatever the Via says (RFC 3581).',
      'force_rport',
      (ctx) => {
        ctx.draft.forceRport = true;
      },
      ['add_rport'],
    ),
    add_local_rport: switchOn('Adds `rport` to our own Via.', 'add_local_rport', (ctx) => {
      ctx.draft.addLocalRport = true;
    }),
    force_tcp_alias: fn({
      doc: 'The connection the message came on also leads to this port of the peer, or to that of its Via (RFC 5923).',
      args: [opt(int('port'))],
      routes: ['any'],
      aliases: ['add_tcp_alias'],
      returns: { 1: 'done, or not a stream', [-1]: 'the connection is gone, or has too many ports' },
      example: 'force_tcp_alias(5080);',
      run(_me, ctx, port) {
        const { proto, connectionId } = ctx.msg.received;
        if (proto !== 'tcp' && proto !== 'tls') return 1;
        const wanted = port ?? ctx.msg.via?.port ?? 0;
        return ctx.server.transports.connections.addAlias(connectionId, wanted) ? 1 : -1;
      },
    }),
    udp_mtu_try_proto: fn({
      doc: 'A request that `udp_mtu` is too small for may go over this protocol instead.',
      args: [str('protocol', 'UDP, TCP, TLS or SCTP')],
      routes: ['any'],
      returns: done,
      example: 'udp_mtu_try_proto(TCP);',
      run(_me, ctx, protocol) {
        const word = protocol.toUpperCase();
        ctx.draft.mtuProtos |= word === 'TCP' ? 1 : word === 'TLS' ? 2 : 0;
        return 1;
      },
    }),
    set_reply_no_connect: switchOn('Answers use an open connection or none.', 'set_reply_no_connect', (ctx) => {
      ctx.draft.noConnectReply = true;
    }),
    set_forward_no_connect: switchOn(
      'The request uses an open connection or none.',
      'set_forward_no_connect',
      (ctx) => {
        ctx.draft.noConnectForward = true;
      },
    ),
    set_reply_close: switchOn('The connection is closed after the answer.', 'set_reply_close', (ctx) => {
      ctx.draft.closeReply = true;
    }),
    set_forward_close: switchOn('The connection is closed after the request.', 'set_forward_close', (ctx) => {
      ctx.draft.closeForward = true;
    }),
    set_advertised_address: fn({
      doc: 'Address our Via and Record-Route show for this message.',
      args: [hostPort('address')],
      routes: ['any'],
      returns: done,
      example: 'set_advertised_address("192.0.2.1");',
      run(_me, ctx, address) {
        ctx.draft.advertisedAddress = address;
        return 1;
      },
    }),
    set_advertised_port: fn({
      doc: 'Port our Via and Record-Route show for this message.',
      args: [int('port')],
      routes: ['any'],
      returns: done,
      example: 'set_advertised_port(5080);',
      run(_me, ctx, port) {
        ctx.draft.advertisedPort = String(port);
        return 1;
      },
    }),
    force_send_socket: fn({
      doc: 'Sends the message from this listen socket.',
      args: [hostPort('socket')],
      routes: ['any'],
      returns: { 1: 'set', [-1]: 'we do not listen there' },
      example: 'force_send_socket("udp:127.0.0.1:5060");',
      run(_me, ctx, text) {
        const match = /^(?:(udp|tcp|tls|sctp):)?(\[[^\]]*\]|[^:]+)(?::(\d{1,5}))?$/.exec(text);
        const socket = match
          ? ctx.server.transports.findSocket(match[2]!, Number(match[3] ?? 0), match[1] as Proto | undefined)
          : null;
        if (socket === null) {
          ctx.log(0, `force_send_socket: no listen socket ${text}`, 'core');
          return -1;
        }
        ctx.draft.sendSocket = socket;
        return 1;
      },
    }),
    cfg_select: fn({
      doc: 'From here on @cfg_get reads this instance of a group of the cfg’s own (cfg.add_group_inst).',
      args: [str('group'), varInt('instance')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'there is no such instance' },
      example: 'if (cfg_select("pstn", 3)) { xlog("$sel(cfg_get.pstn.gw)\\n"); }',
      run(_me, ctx, group, id) {
        if (ctx.server.settings.instance(group, id) === undefined) {
          ctx.log(-1, `cfg_select(): group instance '${group}[${id}]' does not exist`, 'core');
          return -1;
        }
        selectInstance(ctx, group, id);
        return 1;
      },
    }),
    cfg_reset: fn({
      doc: 'From here on @cfg_get reads the group itself again.',
      args: [str('group')],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'cfg_reset("pstn");',
      run(_me, ctx, group) {
        selectInstance(ctx, group, null);
        return 1;
      },
    }),
    error: fn({
      doc: 'Says in the log that it is not implemented, as Kamailio does; goes on.',
      args: [str('style'), str('text')],
      routes: ['any'],
      returns: done,
      example: 'error("400", "bad");',
      run(_me, ctx, style, text) {
        ctx.log(1, `error("${style}", "${text}") not implemented yet`, '<core>');
        return 1;
      },
    }),
    setavpflag: avpFlagFunction('setavpflag', 'Sets a flag of an AVP.', (flags, flag) => flags | flag),
    resetavpflag: avpFlagFunction('resetavpflag', 'Clears a flag of an AVP.', (flags, flag) => flags & ~flag),
    isavpflagset: avpFlagFunction('isavpflagset', 'True when a flag of an AVP is set.', (flags) => flags),
    exec: fn({
      doc: 'Runs a command with /bin/sh and waits for its end; what it answers goes to the log. The text is constant.',
      args: [str('command')],
      routes: ['any'],
      constArgs: true,
      async: 'always',
      returns: done,
      example: 'exec("logger call");',
      async run(_me, ctx, command) {
        ctx.log(1, `exec("${command}") not fully implemented, using dumb version...`, '<core>');
        const status = await ctx.server.env.shell.run(command);
        if (status !== 0) ctx.log(1, `exec() returned ${status}`, '<core>');
        return 1;
      },
    }),
    log: fn({
      doc: 'Writes constant text to the log: `log("text")` or `log(level, "text")`.',
      args: [str('levelOrText'), opt(str('text'))],
      routes: ['any'],
      returns: done,
      example: 'log(1, "routed\\n");',
      run(_me, ctx, first, text) {
        if (text === undefined) ctx.log(3, first);
        else ctx.log(levelOf(first), text);
        return 1;
      },
    }),
  },
  pvs: definitionPvs,
  rpc: {},
  selects: coreSelects,
  eventRoutes: {
    'core:worker-one-init': { doc: 'Once, when the server has started.' },
    'core:msg-received': {
      doc: 'With `received_route_mode`: for all that comes in, before it is read; `$rcv(buf)` may be written, `drop` ends it. What it waits for holds up that message only.',
    },
    'core:pre-routing': {
      doc: 'For every request and response, before its route; what it sets stays, `drop` ends it.',
    },
    'core:tkv': {
      doc: 'For what is told of with a type, a key and a value ($atkv): where async_tkv_evcb names it, and async_tkv_gname is set. Here: a connection that broke (1200, tcp-read-error).',
    },
    'core:receive-parse-error': { doc: 'For what is dropped because it cannot be read as SIP: `$mb`, `$si`.' },
  },
  missing: [],
});
