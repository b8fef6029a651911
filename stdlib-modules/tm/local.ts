/** Requests of our own, from the script and from commands: the arguments of `t_uac_send()` and `tm.t_uac_…` (rpc_uac.c). */
import {
  HeaderId,
  indexMessage,
  type ListenSocket,
  type LocalRequest,
  ParseFailure,
  parseUri,
  type ServerApi,
} from '../../runtime/sdk/index.js';

export interface UacArguments {
  readonly method: string;
  readonly uri: string;
  /** '' or `.`: none. */
  readonly nextHop: string;
  /** '' or `.`: none. */
  readonly socket: string;
  /** Header fields, From and To among them. */
  readonly headers: string;
  readonly body: string;
}

/** `proto:host:port` of one of our sockets; udp when no protocol is named. */
export function socketNamed(server: ServerApi, text: string): ListenSocket | null {
  const parts = /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:()]+)(?::([0-9]+))?$/i.exec(text);
  if (parts === null) return null;
  const proto = parts[1]?.toLowerCase() ?? null;
  const ip = (parts[2] ?? '').replace(/^\[|\]$/g, '');
  const port = Number(parts[3] ?? 0);
  return (
    server.transports.sockets.find(
      (s) =>
        (proto === null || s.proto === proto) &&
        (s.local.ip === ip || s.advertised?.host === ip) &&
        (port === 0 || s.local.port === port || s.port === port),
    ) ?? null
  );
}

/**
 * The request these arguments describe, or what is wrong with them. `whole`: From and To go out as written, display
 * names and parameters included (the commands do that; the function takes their URIs).
 */
export function localRequestOf(server: ServerApi, a: UacArguments, whole: boolean): LocalRequest | string {
  if (a.method === '') return 'Empty method';
  if (parseUri(a.uri, server.grammar) === null) return `Invalid request uri "${a.uri}"`;
  const nextHop = a.nextHop === '.' ? '' : a.nextHop;
  if (nextHop !== '' && parseUri(nextHop, server.grammar) === null) return `Invalid next-hop uri "${nextHop}"`;
  const named = a.socket === '.' ? '' : a.socket;
  const socket = named === '' ? null : socketNamed(server, named);
  if (named !== '' && socket === null) return `No local socket for "${named}"`;
  const ending = a.headers === '' || a.headers.endsWith('\n') ? '' : '\r\n';
  const first = server.transports.sockets[0];
  if (!first) return 'No socket';
  const msg = indexMessage(
    `${a.method} ${a.uri} SIP/2.0\r\n${a.headers}${ending}\r\n`,
    {
      proto: first.proto,
      src: first.local,
      dst: first.local,
      socket: first,
      connectionId: 0,
      at: 0,
    },
    server.grammar,
  );
  if (msg instanceof ParseFailure) return 'Invalid headers';
  if (a.body !== '' && !msg.header(HeaderId.ContentType)) return 'Content-Type missing';
  if (a.body !== '' && msg.header(HeaderId.ContentLength)) return 'Content-Length disallowed';
  if (!msg.header(HeaderId.To)) return 'To missing';
  if (!msg.header(HeaderId.From)) return 'From missing';
  if (msg.from === null) return 'Error in From';
  if (msg.to === null) return 'Error in To';
  const { cseq } = msg;
  if (msg.header(HeaderId.CSeq) && (cseq === null || !/^[0-9]+$/.test(cseq.numberText))) return 'Non-numerical CSeq';
  if (cseq !== null && cseq.method !== a.method) return 'CSeq method mismatch';
  const skipped: readonly HeaderId[] = [HeaderId.From, HeaderId.To, HeaderId.CallId, HeaderId.CSeq];
  const own = socket ?? server.transports.chooseSocket('udp', '127.0.0.1') ?? first;
  const lines = msg.headers
    .filter(({ id }) => !skipped.includes(id))
    .map((h) => msg.raw.slice(h.start, h.end).replaceAll('!!', `${own.host}:${own.port}`));
  return {
    method: a.method,
    uri: a.uri,
    nextHop,
    socket,
    from: whole ? msg.from.text : msg.from.uriText,
    fromTag: msg.from.tag === null ? null : whole ? '' : msg.from.tag,
    to: whole ? msg.to.text : msg.to.uriText,
    toTag: whole ? '' : (msg.to.tag ?? ''),
    callId: msg.callId,
    cseq: cseq?.number,
    headers: lines.join(''),
    body: a.body,
  };
}
