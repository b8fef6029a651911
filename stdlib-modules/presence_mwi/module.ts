/** presence_mwi: the package message-summary (RFC 3842). */
import { defineModule } from '../../runtime/sdk/index.js';

/** What a package needs of presence (its api). */
interface PresenceApi {
  add(spec: {
    readonly name: string;
    readonly contentType: string;
    readonly defaultExpires: number;
    accepts(ctx: unknown, body: string): boolean;
  }): void;
}

/** `Messages-Waiting: yes`, then lines of printable ASCII, each with its line end. Kamailio allows no blank before the line end. */
export const isSummary = (body: string): boolean =>
  /^Messages-Waiting[ \t]*:[ \t]+(?:yes|no)\r\n(?:[\t\x20-\x7e]*\r\n)*$/.test(body);

export default defineModule({
  name: 'presence_mwi',
  doc: 'Message waiting (RFC 3842): the package message-summary.',
  uses: ['presence'],
  params: {
    default_expires: { type: 'int', default: 3600, doc: 'Seconds of a state or subscription that names none.' },
  },
  stats: {},
  start(me) {
    me.uses.get<PresenceApi>('presence').add({
      name: 'message-summary',
      contentType: 'application/simple-message-summary',
      defaultExpires: me.params.default_expires,
      accepts: (_ctx, body) => isSummary(body),
    });
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
