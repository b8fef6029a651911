/** presence_reginfo: the package reg; bodies pass as they are, or as one of all. */
import { elementsOf, newState, withVersion } from '../../runtime/sdk/aggregated-xml.js';
import { defineModule } from '../../runtime/sdk/index.js';
import { append, parseAll, writeXml } from '../../runtime/sdk/xml.js';

/** What a package needs of presence (its api). */
interface PresenceApi {
  add(spec: {
    readonly name: string;
    readonly contentType: string;
    readonly defaultExpires: number;
    aggregate?(user: string, domain: string, bodies: readonly string[] | null): string | null;
    perWatcher?(subs: { readonly version: number }, body: string): string | null;
  }): void;
}

/** The registrations of all documents (RFC 3680) in one; null when one cannot be read, or there is none. */
export function aggregate(bodies: readonly string[]): string | null {
  const documents = parseAll(bodies);
  if (documents === null || documents.length === 0) return null;
  const doc = newState('reginfo', 'urn:ietf:params:xml:ns:reginfo');
  const root = doc.documentElement;
  if (root === null) return null;
  for (const node of elementsOf(documents)) append(root, node);
  return writeXml(doc, true);
}

export default defineModule({
  name: 'presence_reginfo',
  doc: 'Registrations (RFC 3680): the package reg.',
  uses: ['presence'],
  params: {
    default_expires: { type: 'int', default: 3600, doc: 'Seconds of a state or subscription that names none.' },
    aggregate_presentities: {
      type: 'int',
      default: 0,
      min: 0,
      max: 1,
      doc: '1: watchers get one document of all that were published, with a version of their own.',
    },
  },
  stats: {},
  start(me) {
    me.uses.get<PresenceApi>('presence').add({
      name: 'reg',
      contentType: 'application/reginfo+xml',
      defaultExpires: me.params.default_expires,
      ...(me.params.aggregate_presentities === 0
        ? {}
        : {
            aggregate: (_user, _domain, bodies) => (bodies === null ? null : aggregate(bodies)),
            perWatcher: (subs, body) => withVersion(body, subs.version),
          }),
    });
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
