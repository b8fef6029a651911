/** presence_xml: the packages presence, presence.winfo, dialog;sla and xcap-diff; rules of presentities from the table xcap. */
import {
  type Database,
  defineModule,
  parseUri,
  type RouteContext,
  StartError,
  type Verdict,
  varStr,
} from '../../runtime/sdk/index.js';
import { parseXml } from '../../runtime/sdk/xml.js';
import { available, filter, hasActivity, hasBasic, merge, offline, pick } from './pidf.js';
import { type RuleContext, ruleFor, type Standing, Status, standingBy, type Watcher } from './rules.js';

/** What a package needs of presence (its api). */
interface PresenceApi {
  add(spec: PackageSpec): void;
  body(presUri: string, event: string): Promise<string | null>;
  sphere(presUri: string): Promise<string | null>;
  updateWatchers(presUri: string, event: string): Promise<boolean>;
}
interface PackageSpec {
  readonly name: string;
  readonly contentType: string;
  readonly defaultExpires: number;
  readonly keepsEtag?: boolean;
  readonly authorized?: {
    rules(user: string, domain: string): Promise<string | null>;
    standing(subs: Watcher, rules: string | null): Promise<Standing | null>;
    filter(body: string, subs: Watcher, rules: string): Promise<string | null>;
  };
  hardState?(user: string, domain: string, fileUri: string): Promise<string | null>;
  aggregate?(user: string, domain: string, bodies: readonly string[] | null, off: number): string | null;
  accepts?(ctx: RouteContext, body: string): boolean;
}
interface SlApi {
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
}

/** `doc_type` of the table xcap. */
const DocumentType = { presRules: 2, pidfManipulation: 16 } as const;

/** What xcap_client gives (its api). */
interface XcapApi {
  get(wanted: {
    readonly root: string;
    readonly port: number;
    readonly auid: string;
    readonly user: string;
    readonly domain: string;
    readonly filename: string;
  }): Promise<string | null>;
  listen(auid: string, changed: (xid: string) => void): void;
}
interface XcapServer {
  readonly root: string;
  readonly port: number;
}
/** `host`, `host:port` or `http://host:port`. */
function xcapServerOf(text: string): XcapServer {
  const [, root = '', port = '80'] = /^((?:http:\/\/)?[A-Za-z0-9_.-]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (root === '' || Number(port) < 1 || Number(port) > 0xffff)
    throw new StartError('SIPC8135', `presence_xml: xcap_server "${text}" is not host:port`);
  return { root, port: Number(port) };
}

interface State {
  db: Database | null;
  /** Where rules are asked for that the table does not have; null: nowhere. */
  xcap: { readonly api: XcapApi; readonly servers: readonly XcapServer[] } | null;
}
interface Me {
  readonly params: {
    readonly xcap_table: string;
    readonly force_active: number;
    readonly integrated_xcap_server: number;
    readonly xcapauth_userdel_reason: string;
    readonly force_dummy_presence: number;
    readonly force_presence_single_body: number;
    readonly presence_single_body_priorities: string;
    readonly presence_single_body_lookup_element: string;
  };
  readonly state: State;
}

/** The stored document; null: there is none. Rejects when the database fails or the document is empty. */
async function documentOf(me: Me, where: Readonly<Record<string, string | number>>): Promise<string | null> {
  const { db } = me.state;
  if (db === null) return null;
  const { rows } = await db.query(me.params.xcap_table, { columns: ['doc'], where, limit: 1 });
  if (rows[0] === undefined) return null;
  const doc = String(rows[0][0] ?? '');
  if (doc === '') throw new Error('the stored document is empty');
  return doc;
}

const AUID = 'pres-rules';
/** Of the table, else of the first XCAP server that has them. */
async function rulesOf(me: Me, user: string, domain: string): Promise<string | null> {
  const known = await documentOf(me, { doc_type: DocumentType.presRules, username: user, domain });
  if (known !== null || me.state.xcap === null) return known;
  const { api, servers } = me.state.xcap;
  for (const { root, port } of servers) {
    const doc = await api.get({ root, port, auid: AUID, user, domain, filename: 'index' });
    if (doc !== null) return doc;
  }
  return null;
}

function presencePackage(me: Me, defaultExpires: number, context: RuleContext): Omit<PackageSpec, 'accepts'> {
  const { params } = me;
  return {
    name: 'presence',
    contentType: 'application/pidf+xml',
    defaultExpires,
    authorized: {
      rules: (user, domain) => (params.force_active !== 0 ? Promise.resolve(null) : rulesOf(me, user, domain)),
      async standing(subs, rules) {
        if (params.force_active !== 0) return { status: Status.active, reason: '' };
        if (rules === null) return { status: Status.pending, reason: '' };
        return standingBy(rules, subs, context, params.xcapauth_userdel_reason);
      },
      async filter(body, subs, rules) {
        if (params.force_active !== 0) return null;
        const rule = await ruleFor(rules, subs, context);
        if (rule === null) return null;
        const cut = rule && filter(body, rule);
        if (!cut) throw new Error('the rules or the state cannot be read');
        return cut;
      },
    },
    hardState: (_user, _domain, fileUri) =>
      documentOf(me, { doc_type: DocumentType.pidfManipulation, doc_uri: fileUri }),
    aggregate(user, _domain, bodies, off) {
      if (bodies === null) return params.force_dummy_presence === 0 ? null : merge([available(user)]);
      const shown = bodies.map((body, i) => (i === off ? offline(body) : body));
      if (shown.includes(null)) return null;
      const all = shown.filter((body) => body !== null);
      if (params.force_presence_single_body === 0) return merge(all);
      return pick(all, params.presence_single_body_priorities, params.presence_single_body_lookup_element);
    },
  };
}

const flag = (initial: number, doc: string) => ({ type: 'int', default: initial, doc }) as const;
const text = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;

export default defineModule({
  name: 'presence_xml',
  doc: 'Presence documents (RFC 3863) and the rules about who sees them (RFC 5025): the packages presence, presence.winfo, dialog;sla and xcap-diff.',
  uses: ['presence', 'sl', 'xcap_client?'],
  params: {
    db_url: text('mysql://kamailio:kamailiorw@localhost/kamailio', 'Where the documents of XCAP are.'),
    xcap_table: text('xcap', 'Their table.'),
    force_active: flag(0, '1: everybody may watch; no rules are read.'),
    integrated_xcap_server: flag(
      0,
      '1: all documents are in the table. 0: rules that are not are fetched from xcap_server by the xcap_client module.',
    ),
    xcap_server: { type: 'str', many: true, doc: 'An XCAP server, host:port; asked in the order they are written.' },
    disable_presence: flag(0, '1: no package presence.'),
    disable_winfo: flag(0, '1: no package presence.winfo.'),
    disable_bla: flag(1, '0: the package dialog;sla too.'),
    disable_xcapdiff: flag(0, '1: no package xcap-diff.'),
    passive_mode: flag(0, '1: no package at all.'),
    xcapauth_userdel_reason: text('probation', 'Reason told to a watcher who is in no rule any more.'),
    force_dummy_presence: flag(0, '1: who has published nothing is shown as available.'),
    force_presence_single_body: flag(0, '1: of several states one is shown whole.'),
    presence_single_body_priorities: text(
      'Available|Ringing|On the Phone',
      'Which one: what stands further right wins.',
    ),
    presence_single_body_lookup_element: text('note', 'Element whose content is looked for there.'),
    default_expires: flag(3600, 'Seconds of a state or subscription that names none.'),
  },
  stats: {},
  state: (): State => ({ db: null, xcap: null }),
  async start(me, server) {
    const { params } = me;
    if (params.passive_mode === 1) return;
    if (params.force_active === 0) {
      me.state.db = await server.databases.open(params.db_url, 'presence_xml');
    }
    const presence = me.uses.get<PresenceApi>('presence');
    const servers = params.xcap_server.map(xcapServerOf);
    if (params.force_active === 0 && params.integrated_xcap_server === 0) {
      const api = me.uses.find<XcapApi>('xcap_client');
      if (api !== null && servers.length > 0) {
        me.state.xcap = { api, servers };
        api.listen(AUID, (xid) => void presence.updateWatchers(xid, 'presence'));
      } else
        server.log(
          0,
          'presence_xml',
          'rules are read from the table only: set integrated_xcap_server to 1, or load xcap_client and set xcap_server',
        );
    }
    const sl = me.uses.get<SlApi>('sl');
    const defaultExpires = params.default_expires;
    const accepts = (ctx: RouteContext, body: string) => {
      if (parseXml(body) !== null) return true;
      sl.reply(ctx, 415, 'Unsupported media type');
      return false;
    };
    const context: RuleContext = {
      get nowMs() {
        return server.env.clock.now();
      },
      sphere: (presUri) => presence.sphere(presUri),
    };
    if (params.disable_presence === 0) presence.add({ ...presencePackage(me, defaultExpires, context), accepts });
    if (params.disable_winfo === 0)
      presence.add({ name: 'presence.winfo', contentType: 'application/watcherinfo+xml', defaultExpires });
    if (params.disable_bla === 0)
      presence.add({
        name: 'dialog;sla',
        contentType: 'application/dialog-info+xml',
        defaultExpires,
        keepsEtag: true,
        accepts,
      });
    if (params.disable_xcapdiff === 0)
      presence.add({ name: 'xcap-diff', contentType: 'application/xcap-diff+xml', defaultExpires });
  },
  functions: {
    pres_check_basic: {
      doc: 'Is a tuple of the presentity open, closed, or what is asked for?',
      args: [varStr('presentity', 'URI'), varStr('status')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'yes', [-1]: 'no, or nothing is known' },
      async: 'always',
      example: 'if (pres_check_basic("sip:alice@example.com", "open")) xlog("there\\n");',
      async run(me, ctx, uri, status) {
        const body = await bodyOf(ctx, me.uses.get<PresenceApi>('presence'), uri);
        return body !== null && hasBasic(body, status) ? 1 : -1;
      },
    },
    pres_check_activities: {
      doc: 'Does the presentity tell this activity?',
      args: [varStr('presentity', 'URI'), varStr('activity')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'yes', [-1]: 'no, or nothing is known', [-2]: 'it tells none' },
      async: 'always',
      example: 'if (pres_check_activities("sip:alice@example.com", "on-the-phone")) xlog("busy\\n");',
      async run(me, ctx, uri, activity) {
        const body = await bodyOf(ctx, me.uses.get<PresenceApi>('presence'), uri);
        if (body === null) return -1;
        const verdicts = { yes: 1, no: -1, none: -2 } as const;
        return verdicts[hasActivity(body, activity)];
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});

async function bodyOf(ctx: RouteContext, presence: PresenceApi, uri: string): Promise<string | null> {
  if (parseUri(uri, ctx.grammar) === null) return null;
  try {
    return await presence.body(uri, 'presence');
  } catch {
    // The database layer has logged it.
    return null;
  }
}
