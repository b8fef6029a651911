/**
 * Connections by the peer's address and port: where the peer's own port leads, and the further ports `;alias` and
 * `force_tcp_alias()` give a connection (RFC 5923). Rules of Kamailio's `_tcpconn_add_alias_unsafe()`.
 */
import type { Connection } from './connection.js';

/** What happens when another connection holds the address: `tcp_alias_flags`, `tcp_new_conn_alias_flags`. */
export const AliasMode = { refuse: 0, addInFront: 1, replace: 2 } as const;

/** Its own port and three more: Kamailio keeps twelve entries, three for each port. */
const MAX_PORTS = 4;

export type AliasResult = 'added' | 'too-many' | 'taken';

const keyOf = (ip: string, port: number) => `${ip}|${port}`;

export class Addresses {
  /** The one used first stands first. */
  private readonly table = new Map<string, Connection[]>();

  /**
   * The connection for this peer address. `localIp`: only one that has this address here. `secure`: encrypted or not.
   * `domain`: only one of this client domain. Null: any.
   */
  find(
    ip: string,
    port: number,
    localIp: string | null,
    secure: boolean | null,
    domain: string | null = null,
  ): Connection | undefined {
    const list = this.table.get(keyOf(ip, port));
    if (list === undefined) return undefined;
    return list.find(
      (c) =>
        (localIp === null || c.localIp === localIp) &&
        (secure === null || c.isSecure === secure) &&
        (domain === null || c.domain === domain) &&
        c.usable,
    );
  }

  add(connection: Connection, port: number, mode: number): AliasResult {
    if (connection.ports.includes(port)) return 'added';
    if (connection.ports.length >= MAX_PORTS) return 'too-many';
    const key = keyOf(connection.remote.ip, port);
    const list = this.table.get(key);
    if (list === undefined || list.length === 0) this.table.set(key, [connection]);
    else if (mode & AliasMode.addInFront) list.unshift(connection);
    else if (mode & AliasMode.replace) {
      for (const other of list) other.ports = other.ports.filter((each) => each !== port);
      this.table.set(key, [connection]);
    } else return 'taken';
    connection.ports.push(port);
    return 'added';
  }

  remove(connection: Connection): void {
    for (const port of connection.ports) {
      const key = keyOf(connection.remote.ip, port);
      const left = this.table.get(key)?.filter((each) => each !== connection) ?? [];
      if (left.length > 0) this.table.set(key, left);
      else this.table.delete(key);
    }
    connection.ports = [];
  }
}
