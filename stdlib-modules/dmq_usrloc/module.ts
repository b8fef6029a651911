/** dmq_usrloc: contacts registered at one node of a cluster are those of all. */
import { defineModule, openChannel, StartError } from '../../runtime/sdk/index.js';
import type { UsrlocApi } from './location.js';
import { Replication } from './replication.js';

interface State {
  replication: Replication | null;
}

export default defineModule({
  name: 'dmq_usrloc',
  doc: 'Contacts that are the same on all nodes of a cluster (dmq).',
  uses: ['usrloc?', 'dmq?'],
  params: {
    enable: { type: 'int', default: 0, doc: '1: contacts are told to other nodes, and taken from them.' },
    sync: { type: 'int', default: 1, doc: '1: at the start the other nodes are asked for their contacts.' },
    usrloc_domain: { type: 'str', default: 'location', doc: 'Table that contacts of other nodes are kept in.' },
    usrloc_delete: { type: 'int', default: 1, doc: '1: contacts that are removed are told.' },
    usrloc_delete_expired: { type: 'int', default: 0, doc: '1: those that ran out too.' },
    replicate_socket_info: {
      type: 'int',
      default: 0,
      min: 0,
      max: 3,
      doc: '1: the socket a contact came in on is told by its address, 2: by its name; 3: those of other nodes get the socket of dmq.',
    },
    replicate_cflags: {
      type: 'int',
      default: 1,
      doc: '0: contacts of other nodes have no branch flags; above 1: these.',
    },
    batch_msg_contacts: {
      type: 'int',
      default: 1,
      doc: 'Contacts a message, for a node that asks for all; 150 at most.',
    },
    batch_msg_size: { type: 'int', default: 60_000, doc: 'Bytes of such a message at most.' },
    batch_size: { type: 'int', default: 0, doc: 'Contacts sent before a pause; 0: 200.' },
    batch_usleep: { type: 'int', default: 0, doc: 'Microseconds of such a pause, with batch_size.' },
    dmq_peer_id: { type: 'str', default: 'usrloc', doc: 'Channel of the cluster.' },
  },
  stats: {},
  state: (): State => ({ replication: null }),
  start(me, server) {
    const { params: p, state } = me;
    if (p.enable === 0 || state.replication !== null) return;
    const usrloc = me.uses.find<UsrlocApi>('usrloc');
    if (usrloc === null)
      throw new StartError('SIPC8143', 'dmq_usrloc: enable needs the usrloc module; load it before dmq_usrloc');
    state.replication = new Replication(server, usrloc, {
      table: p.usrloc_domain,
      asksAtStart: p.sync !== 0,
      socketMode: p.replicate_socket_info,
      cflags: p.replicate_cflags,
      tellsGone: p.usrloc_delete >= 1,
      tellsExpired: p.usrloc_delete_expired >= 1,
      groupContacts: p.batch_msg_contacts,
      groupBytes: p.batch_msg_size,
      burst: p.batch_usleep > 0 ? p.batch_size : 0,
      burstPauseMs: Math.ceil(p.batch_usleep / 1000),
    });
    state.replication.begin(openChannel('dmq_usrloc', me.uses, state.replication.channel(p.dmq_peer_id)));
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
