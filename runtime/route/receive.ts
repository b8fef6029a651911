/** From bytes to a run: counts, indexes and refuses what is not SIP (Kamailio's receive.c). Never throws. */
import { CoreStats } from '../admin/core-stats.js';
import { ParseFailure, parseMessage, type SipMessage } from '../message/message.js';
import type { ServerApi } from '../sdk/context.js';
import type { ReceiveInfo } from '../transport/types.js';
import type { Runner } from './run.js';

export class Receiver {
  readonly #stats: CoreStats;
  /** Messages whose `event_route[core:msg-received]` waits. */
  #waiting = 0;

  constructor(
    private readonly server: ServerApi,
    private readonly runner: Runner,
  ) {
    this.#stats = new CoreStats(server.stats);
  }

  /** False: not SIP. */
  receive = (bytes: string, received: ReceiveInfo): boolean => {
    const { received_route_mode: mode, max_inflight: most } = this.server.settings.values;
    if (mode === 0) return this.read(bytes, received);
    if (this.#waiting >= most) {
      this.server.log(0, '<core>', 'too many messages in event_route[core:msg-received]: one dropped');
      return true;
    }
    const left = this.runner.arrived(bytes, received);
    if (!(left instanceof Promise)) return left === null || this.read(left, received);
    this.#waiting++;
    void left.then((later) => {
      this.#waiting--;
      if (later !== null) this.read(later, received);
    });
    return true;
  };

  private read(written: string, received: ReceiveInfo): boolean {
    const changed = this.runner.rewrite?.(written, received) ?? null;
    const bytes = changed?.bytes ?? written;
    if (bytes.length > this.server.settings.values.msg_recv_max_size) {
      this.server.log(-1, '<core>', `received message too big: ${bytes.length}`);
      return false;
    }
    const msg = parseMessage(bytes, received, this.server.grammar, ++this.server.messageCount.value);
    if (msg instanceof ParseFailure) {
      for (const take of this.server.transports.nonSip) if (take(bytes, received)) return true;
      this.#stats.core.bad_msg_hdr.value++;
      const from = `${received.proto}:${received.src.ip}:${received.src.port}`;
      this.server.log(-1, '<core>', `message from ${from} dropped: ${msg.reason}`);
      if (msg.malformed) this.runner.unreadable(bytes, received);
      return false;
    }
    if (received.connectionId !== 0 && this.server.settings.values.tcp_accept_aliases) this.alias(msg, received);
    if (msg.isRequest) {
      this.#stats.request(msg.methodId);
      this.runner.request(msg, changed?.values);
    } else {
      this.#stats.response(msg.status, msg.methodId);
      this.runner.response(msg);
    }
    return true;
  }

  /** RFC 5923: what goes to the port of its Via takes this connection. WebSocket peers have no such port. */
  private alias(msg: SipMessage, { proto, connectionId }: ReceiveInfo): void {
    if (msg.via?.alias && (proto === 'tcp' || proto === 'tls'))
      this.server.transports.connections.addAlias(connectionId, msg.via.port);
  }
}
