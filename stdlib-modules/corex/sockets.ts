/** `corex.list_sockets`, `corex.list_aliases`. */
import { type RpcCall, RpcStruct, type ServerApi } from '../../runtime/sdk/index.js';

export function listSockets(server: ServerApi, call: RpcCall): void {
  for (const s of server.transports.sockets) {
    const entry = new RpcStruct({ PROTO: s.proto, NAME: s.host });
    entry.struct('ADDRLIST').add('ADDR', s.local.ip);
    entry
      .add('PORT', String(s.local.port))
      .add('MCAST', 'no')
      .add('MHOMED', 'no')
      .add('VIRTUAL', s.virtual ? 'yes' : 'no')
      .add('SOCKNAME', s.name ?? '-')
      .add('ADVERTISE', s.advertised === null ? '-' : s.advertisedStr);
    call.add(entry);
  }
}

export function listAliases(server: ServerApi, call: RpcCall): void {
  for (const a of server.transports.aliases()) {
    for (const port of a.ports.length === 0 ? [0] : a.ports)
      call.add(new RpcStruct({ PROTO: a.proto ?? '*', ADDR: a.host, PORT: port === 0 ? '*' : String(port) }));
  }
}
