/** What the module keeps: the domains in force and the certificates read so far. */
import type { ServerApi } from '../../runtime/sdk/index.js';
import { TlsDomains, type TlsParams } from './domains.js';
import type { KeyLog } from './keylog.js';
import { Sessions } from './session.js';

export class TlsState {
  readonly sessions = new Sessions();
  domains: TlsDomains | null = null;
  keyLog: KeyLog | null = null;
  constructor(readonly params: TlsParams) {}
  /** There is a tls.cfg to read again. */
  get configured(): boolean {
    return this.params.config !== '';
  }

  /** Reads everything again; null, or what is wrong: then what was loaded stays. */
  reload(server: ServerApi): string | null {
    try {
      const domains = new TlsDomains(server.env, this.params, folderOf(server.config.source), this.keyLog?.write);
      const missing = domains.serverAddresses().find(({ ip, port }) => !server.transports.findSocket(ip, port, 'tls'));
      if (missing) return `no TLS socket listens on ${missing.ip}:${missing.port}`;
      this.domains = domains;
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
