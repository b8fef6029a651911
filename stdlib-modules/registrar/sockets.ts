/** The socket a contact is stored with: the one its REGISTER came in on, or what the script or a header field names. */
import type { ListenSocket, Proto, RouteContext } from '../../runtime/sdk/index.js';
import type { RegistrarParams } from './params.js';
import { cfgText } from './settings.js';

/** Bit of `sock_mode`: shown as the address it advertises. */
const ADVERTISED = 1;
const shown = new WeakMap<ListenSocket, ListenSocket>();

export function registeredOn(params: RegistrarParams, ctx: RouteContext): ListenSocket {
  const { sock_flag, sock_hdr_name, xavp_cfg, sock_mode } = params;
  const usable = sock_flag >= 0 && (sock_hdr_name !== '' || xavp_cfg !== '');
  const named = usable && ctx.draft.flags & (1 << sock_flag) ? namedSocket(params, ctx) : null;
  if (named !== null) return named;
  const { socket } = ctx.msg.received;
  if (!(sock_mode & ADVERTISED) || socket.advertised === null) return socket;
  let other = shown.get(socket);
  if (other === undefined) {
    other = Object.create(socket, { sockStr: { value: socket.advertisedStr, enumerable: true } }) as ListenSocket;
    shown.set(socket, other);
  }
  return other;
}

function namedSocket(params: RegistrarParams, ctx: RouteContext): ListenSocket | null {
  const text =
    params.sock_hdr_name === ''
      ? cfgText(params, ctx, 'socket')
      : (ctx.msg.headerValue(params.sock_hdr_name) ?? '').trim();
  if (text === '') return null;
  const parts = /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:\s]+)(?::(\d{1,5}))?$/i.exec(text);
  if (parts === null) {
    ctx.log(-1, `bad socket <${text}> in `, 'registrar');
    return null;
  }
  const [, proto, host = '', port] = parts;
  const socket = ctx.server.transports.findSocket(host, Number(port ?? 0), proto?.toLowerCase() as Proto | undefined);
  if (socket === null) ctx.log(-1, `non-local socket <${text}>`, 'registrar');
  return socket;
}
