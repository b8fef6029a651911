/** presence_dialoginfo: the package dialog (RFC 4235), which lamps of busy lines live by. */
import { withVersion } from '../../runtime/sdk/aggregated-xml.js';
import { defineModule } from '../../runtime/sdk/index.js';
import { aggregate } from './aggregate.js';

/** What a package needs of presence (its api). */
interface PresenceApi {
  add(spec: {
    readonly name: string;
    readonly contentType: string;
    readonly defaultExpires: number;
    aggregate(user: string, domain: string, bodies: readonly string[] | null, off: number): string | null;
    perWatcher(subs: { readonly version: number }, body: string): string | null;
  }): void;
}

/** Shown for who has published nothing, with `force_dummy_dialog`. */
const NOTHING =
  '<dialog-info>\t<dialog id="615293b33c62dec073e05d9421e9f48b" direction="recipient">\t<state>terminated</state>\t</dialog>\t</dialog-info>';

export default defineModule({
  name: 'presence_dialoginfo',
  doc: 'Dialogs of users (RFC 4235): the package dialog, for lamps of busy lines.',
  uses: ['presence'],
  params: {
    force_single_dialog: {
      type: 'int',
      default: 0,
      doc: '1: of several dialogs only the one that matters most is shown.',
    },
    force_dummy_dialog: {
      type: 'int',
      default: 0,
      doc: '1: who has published nothing is shown with a terminated dialog.',
    },
    default_expires: { type: 'int', default: 3600, doc: 'Seconds of a state or subscription that names none.' },
  },
  stats: {},
  start(me) {
    const { params } = me;
    me.uses.get<PresenceApi>('presence').add({
      name: 'dialog',
      contentType: 'application/dialog-info+xml',
      defaultExpires: params.default_expires,
      aggregate(user, domain, bodies) {
        if (bodies === null && params.force_dummy_dialog === 0) return null;
        return aggregate(user, domain, bodies ?? [NOTHING], params.force_single_dialog !== 0);
      },
      perWatcher: (subs, body) => withVersion(body, subs.version),
    });
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
