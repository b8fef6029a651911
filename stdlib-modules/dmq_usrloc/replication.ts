/**
 * Contacts of one node are those of all (usrloc_sync.c): each change is told, and who joins asks for what there is. What another node
 * told is not told again.
 *
 * `action` 1: a contact is there (again), 2: it is gone, 3: tell all contacts. `multi` holds many, by number.
 */
import {
  type ClusterNode,
  type DmqAnswer,
  type DmqChannel,
  type DmqMessage,
  type DmqPeers,
  dmqAnswers,
  intOf,
  isFields,
  type JsonFields,
  type ListenSocket,
  type Proto,
  readFields,
  type ServerApi,
  textOf,
} from '../../runtime/sdk/index.js';
import type { Contact, ContactInfo, Domain, UsrlocApi } from './location.js';

const Action = { update: 1, remove: 2, sync: 3 } as const;
const MAX_GROUP_BYTES = 60_000;
const MAX_GROUP_CONTACTS = 150;
const MAX_AOR = 1_000;
const MAX_SYNCS = 16;
/** Contacts sent without a pause where the cfg asks for none: more than the other node's socket holds would be lost. */
const BURST = 200;
const BURST_PAUSE_MS = 10;

export interface Settings {
  readonly table: string;
  readonly asksAtStart: boolean;
  /** 1: by address, 2: by name, 3: the one dmq sends from; 0: not at all. */
  readonly socketMode: number;
  /** 1: as they are, 0: none; other: these instead. */
  readonly cflags: number;
  readonly tellsGone: boolean;
  readonly tellsExpired: boolean;
  readonly groupContacts: number;
  readonly groupBytes: number;
  readonly burst: number;
  readonly burstPauseMs: number;
}

export class Replication {
  #peers: DmqPeers | null = null;
  /** What is changed now was told by another node. */
  #replaying = false;
  #syncs = 0;

  constructor(
    private readonly server: ServerApi,
    private readonly usrloc: UsrlocApi,
    private readonly settings: Settings,
  ) {}
  channel(name: string): DmqChannel {
    return {
      name,
      received: (message) => this.#received(message),
      joined: (from) => {
        if (this.settings.asksAtStart) this.#peers?.send({ action: Action.sync }, from);
      },
    };
  }
  begin(peers: DmqPeers): void {
    this.#peers = peers;
    this.usrloc.location.listeners.push((event, contact) => {
      if (this.#replaying) return;
      const gone =
        (event === 'delete' && this.settings.tellsGone) || (event === 'expire' && this.settings.tellsExpired);
      if (event === 'insert' || event === 'update') peers.send(this.#shown(contact, Action.update));
      else if (gone) peers.send(this.#shown(contact, Action.remove));
    });
  }
  get #domain(): Domain {
    return this.usrloc.location.domain(this.settings.table);
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others tell

  async #received({ body, node }: DmqMessage): Promise<DmqAnswer> {
    const fields = readFields(body);
    if (fields === null) return dmqAnswers.bad;
    const many = Object.keys(fields)[0] === 'multi';
    if (many && !isFields(fields.multi)) return dmqAnswers.bad;
    for (const one of many ? Object.values(fields.multi as JsonFields) : [fields])
      if (!isFields(one) || !(await this.#replay(one, node))) return dmqAnswers.bad;
    return dmqAnswers.ok;
  }
  /** False: no such action. */
  async #replay(fields: JsonFields, node: ClusterNode | null): Promise<boolean> {
    const { action } = fields;
    if (action === Action.sync) this.#give(node);
    else if (action === Action.update || action === Action.remove) {
      const aor = textOf(fields.aor);
      if (aor === '' || aor.length > MAX_AOR) return false;
      const info = this.#infoOf(fields);
      const held = await this.usrloc.hold(this.settings.table, aor)?.catch(() => null);
      if (held === null) return true;
      this.#replaying = true;
      try {
        if (action === Action.update) this.#add(aor, info);
        else this.#remove(aor, info.ruid);
      } finally {
        this.#replaying = false;
      }
      if (held !== undefined) await held.release();
    } else return action === 0;
    return true;
  }
  #add(aor: string, info: ContactInfo): void {
    const domain = this.#domain;
    const known = info.ruid === '' ? null : domain.byRuid(this.usrloc.aorHash(aor), info.ruid);
    if (known !== null) {
      domain.update(known.record, known.contact, info);
      return;
    }
    const record = domain.getOrCreate(aor);
    const found = domain.find(record, info.uri, info.callId, info.path, info.cseq);
    if (found === 'none') domain.insert(record, info);
    else if (found === 'old') this.server.log(-1, 'dmq_usrloc', `an old CSeq for a contact of ${aor}`);
    else if (found !== 'again') domain.update(record, found, info);
    domain.release(record);
  }
  #remove(aor: string, ruid: string): void {
    const domain = this.#domain;
    const known = domain.byRuid(this.usrloc.aorHash(aor), ruid);
    if (known === null) return;
    domain.remove(known.record, known.contact);
    domain.release(known.record);
  }
  #infoOf(fields: JsonFields): ContactInfo {
    const { cflags } = this.settings;
    return {
      ruid: textOf(fields.ruid),
      uri: textOf(fields.c),
      received: textOf(fields.received),
      path: textOf(fields.path),
      callId: textOf(fields.callid),
      userAgent: textOf(fields.user_agent),
      instance: textOf(fields.instance),
      expires: intOf(fields.expires),
      cseq: intOf(fields.cseq) | 0,
      flags: intOf(fields.flags) | 0,
      cflags: cflags === 1 ? intOf(fields.cflags) | 0 : cflags,
      q: intOf(fields.q) | 0,
      lastModified: intOf(fields.last_modified),
      methods: intOf(fields.methods) >>> 0,
      regId: intOf(fields.reg_id) | 0,
      serverId: intOf(fields.server_id) | 0,
      socket: this.#socketOf(fields),
      connectionId: -1,
      xavp: null,
    };
  }
  #socketOf(fields: JsonFields): ListenSocket | null {
    const { transports } = this.server;
    switch (this.settings.socketMode) {
      case 1: {
        const [, proto, host = '', port] =
          /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:]+)(?::(\d{1,5}))?$/i.exec(textOf(fields.sock)) ?? [];
        return host === ''
          ? null
          : transports.findSocket(host, Number(port ?? 0), proto?.toLowerCase() as Proto | undefined);
      }
      case 2: {
        const name = textOf(fields.sockname);
        return name === '' ? null : (transports.sockets.find((socket) => socket.name === name) ?? null);
      }
      case 3:
        return this.#peers?.socket ?? null;
      default:
        return null;
    }
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others are told

  #shown(contact: Contact, action: number): object {
    const { socketMode } = this.settings;
    const { socket } = contact;
    return {
      action,
      aor: contact.aor,
      ruid: contact.ruid,
      c: contact.uri,
      received: contact.received,
      ...(socketMode === 1 && socket !== null ? { sock: socket.sockStr } : {}),
      ...(socketMode === 2 && socket?.name ? { sockname: socket.name } : {}),
      path: contact.path,
      callid: contact.callId,
      user_agent: contact.userAgent,
      instance: contact.instance,
      expires: contact.expires,
      cseq: contact.cseq,
      flags: contact.flags,
      cflags: contact.cflags,
      q: contact.q,
      last_modified: contact.lastModified,
      methods: contact.methods,
      reg_id: contact.regId,
      server_id: contact.serverId,
    };
  }
  /** All contacts, in bursts; to all nodes when it is not known who asked, as Kamailio has it. */
  #give(to: ClusterNode | null): void {
    if (this.#syncs >= MAX_SYNCS) {
      this.server.log(-1, 'dmq_usrloc', 'too many nodes ask for the contacts');
      return;
    }
    this.#syncs++;
    const { burst, burstPauseMs } = this.settings;
    const bodies = this.#bodies();
    const next = () => {
      for (let sent = 0; sent < (burst > 0 ? burst : BURST); ) {
        const { value, done } = bodies.next();
        if (done) {
          this.#syncs--;
          return;
        }
        sent += value.contacts;
        this.#peers?.send(value.body, to);
      }
      this.server.env.clock.setTimer(burst > 0 ? burstPauseMs : BURST_PAUSE_MS, next);
    };
    next();
  }
  *#bodies(): Generator<{ readonly body: object; readonly contacts: number }> {
    const most = Math.min(this.settings.groupContacts, MAX_GROUP_CONTACTS);
    const mostBytes = Math.min(this.settings.groupBytes, MAX_GROUP_BYTES);
    let multi: Record<string, object> = {};
    let contacts = 0;
    let bytes = 0;
    for (const { contacts: all } of this.#domain.dumpOrder().records)
      for (const contact of all) {
        const shown = this.#shown(contact, Action.update);
        if (most <= 1) {
          yield { body: shown, contacts: 1 };
          continue;
        }
        const length = JSON.stringify(shown).length + '"100":,'.length;
        if (contacts > 0 && (contacts >= most || bytes + length > mostBytes)) {
          yield { body: { multi }, contacts };
          multi = {};
          contacts = 0;
          bytes = 0;
        }
        contacts++;
        bytes += length;
        multi[contacts] = shown;
      }
    if (contacts > 0) yield { body: { multi }, contacts };
  }
}
