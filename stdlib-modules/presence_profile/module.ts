/** presence_profile: the package ua-profile; bodies pass as they are. */
import { defineModule } from '../../runtime/sdk/index.js';

/** What a package needs of presence (its api). */
interface PresenceApi {
  add(spec: { readonly name: string; readonly contentType: string; readonly defaultExpires: number }): void;
}

export default defineModule({
  name: 'presence_profile',
  doc: 'Profiles of user agents (RFC 6080): the package ua-profile.',
  uses: ['presence'],
  params: {
    default_expires: { type: 'int', default: 3600, doc: 'Seconds of a state or subscription that names none.' },
  },
  stats: {},
  start(me) {
    me.uses
      .get<PresenceApi>('presence')
      .add({ name: 'ua-profile', contentType: 'text/xml', defaultExpires: me.params.default_expires });
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
