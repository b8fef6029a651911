/** JSON-RPC on a TCP port of its own (`tcp_socket`): a connection brings one document, is answered, and ends. */
import type { LocalStream, ServerApi } from '../../runtime/sdk/index.js';
import { runRequest } from './request.js';
import { DocumentSplitter } from './split.js';

/** Connections at a time, and how long one may take to say what it wants. */
const MAX_CLIENTS = 64;
const PATIENCE_MS = 10_000;

/** `tcp:127.0.0.1:5042`, `tcp:[::1]:5042`; null when it is none. */
export function tcpAddress(text: string): { readonly host: string; readonly port: number } | null {
  const [, six, four, port] = /^tcp:(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four;
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

export class TcpClients {
  #count = 0;
  constructor(
    private readonly server: ServerApi,
    private readonly pretty: boolean,
  ) {}

  take(client: LocalStream): void {
    if (this.#count >= MAX_CLIENTS) {
      client.end();
      return;
    }
    this.#count++;
    const splitter = new DocumentSplitter();
    const timer = this.server.env.clock.setTimer(PATIENCE_MS, () => client.end());
    let asked = false;
    client.onData = (bytes) => {
      const text = asked ? undefined : splitter.push(bytes)[0];
      if (text === undefined) return;
      asked = true;
      timer.cancel();
      void runRequest(this.server, text, this.pretty).then((result) => {
        if (result === null) this.server.log(-1, 'jsonrpcs', 'command processing failed');
        else client.write(result.body);
        client.end();
      });
    };
    client.onEnd = () => {
      if (!asked) client.end();
    };
    client.onClose = () => {
      this.#count--;
      timer.cancel();
    };
  }
}
