/** presence_reginfo: the package reg; bodies pass as they are. */
import { defineModule } from '../../runtime/sdk/index.js';

/** What a package needs of presence (its api). */
interface PresenceApi {
  add(spec: { readonly name: string; readonly contentType: string; readonly defaultExpires: number }): void;
}

export default defineModule({
  name: 'presence_reginfo',
  doc: 'Registrations (RFC 3680): the package reg.',
  uses: ['presence'],
  params: {
    default_expires: { type: 'int', default: 3600, doc: 'Seconds of a state or subscription that names none.' },
  },
  stats: {},
  start(me) {
    me.uses
      .get<PresenceApi>('presence')
      .add({ name: 'reg', contentType: 'application/reginfo+xml', defaultExpires: me.params.default_expires });
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
