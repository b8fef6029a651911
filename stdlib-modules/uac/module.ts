/**
 * uac: From and To replaced, challenges of others answered, requests of our own. A table of contents: names, parameters and
 * the checks of their arguments; the work is done in the files beside this one.
 */
import {
  defineModule,
  type LocalOutcome,
  MessageMark,
  opt,
  type PvRef,
  parseUri,
  pvWritable,
  type RouteContext,
  type RpcCall,
  RpcStruct,
  type ServerApi,
  StartError,
  scriptCallback,
  type Timer,
  type Uses,
  type Value,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { answer, type Challenge, type Credential, challengeOf } from './digest.js';
import { RegFlag, type Registration, Registrations } from './registrations.js';
import {
  type DialogApi,
  followDialogs,
  type RestoreOptions,
  type RrApi,
  replaceField,
  restoreField,
  restoreReply,
} from './replace.js';

interface State {
  credentials: readonly Credential[];
  registrations: Registrations | null;
  timer: Timer | null;
}
/** What `$uac_req(…)` holds. */
interface OwnRequest {
  method: string;
  ruri: string;
  turi: string;
  furi: string;
  ouri: string;
  hdrs: string;
  body: string;
  callid: string;
  sock: string;
  auser: string;
  apasswd: string;
  evparam: string;
  evroute: number;
  evcode: number;
  evtype: number;
  flags: number;
}
const empty = (): OwnRequest => ({
  method: '',
  ruri: '',
  turi: '',
  furi: '',
  ouri: '',
  hdrs: '',
  body: '',
  callid: '',
  sock: '',
  auser: '',
  apasswd: '',
  evparam: '',
  evroute: 0,
  evcode: 0,
  evtype: 0,
  flags: 0,
});
const OWN = 'uac.request';
function own(ctx: RouteContext): OwnRequest {
  const known = ctx.data.get(OWN) as OwnRequest | undefined;
  if (known !== undefined) return known;
  const made = empty();
  ctx.data.set(OWN, made);
  return made;
}
const texts = [
  'method',
  'ruri',
  'turi',
  'furi',
  'ouri',
  'hdrs',
  'body',
  'callid',
  'sock',
  'auser',
  'apasswd',
  'evparam',
] as const;
const numbers = ['evroute', 'evcode', 'evtype', 'flags'] as const;
const isText = (key: string): key is (typeof texts)[number] => (texts as readonly string[]).includes(key);
const isNumber = (key: string): key is (typeof numbers)[number] => (numbers as readonly string[]).includes(key);
const MAX_TEXT = 65_000;

interface RegParams {
  readonly reg_contact_addr: string;
  readonly reg_db_url: string;
  readonly reg_db_table: string;
  readonly reg_timer_interval: number;
  readonly reg_retry_interval: number;
  readonly reg_keep_callid: number;
  readonly reg_random_delay: number;
  readonly reg_active: number;
  readonly reg_use_domain: number;
  readonly default_socket: string;
  readonly reload_delta: number;
  readonly reg_gc_interval: number;
}
interface Params {
  readonly rr_from_store_param: string;
  readonly rr_to_store_param: string;
  readonly restore_mode: string;
  readonly restore_passwd: string;
  readonly restore_from_avp: PvRef<RouteContext> | undefined;
  readonly restore_to_avp: PvRef<RouteContext> | undefined;
  readonly auth_username_avp: PvRef<RouteContext> | undefined;
  readonly auth_realm_avp: PvRef<RouteContext> | undefined;
  readonly auth_password_avp: PvRef<RouteContext> | undefined;
}
const writer = (avp: PvRef<RouteContext> | undefined) =>
  avp === undefined ? null : (ctx: RouteContext, value: string) => void avp.set?.(ctx, value);
const restoreOptions = (p: Params): RestoreOptions => ({
  mode: p.restore_mode as RestoreOptions['mode'],
  params: { from: p.rr_from_store_param, to: p.rr_to_store_param },
  password: p.restore_passwd,
  keep: { from: writer(p.restore_from_avp), to: writer(p.restore_to_avp) },
});

/** `user:realm:password`. */
function credentialOf(text: string): Credential {
  const match = /^\s*([^\s:]+)\s*:\s*([^\s:]+)\s*:\s*(\S+)\s*$/.exec(text);
  if (match === null) throw new StartError('SIPC8023', 'uac: a credential has to be user:realm:password');
  return { user: match[1] ?? '', realm: match[2] ?? '', password: match[3] ?? '', isHa1: false };
}
/** The AVPs' when they fit, else the cfg's. */
function credentialFor(params: Params, state: State, ctx: RouteContext, challenge: Challenge): Credential | null {
  const textIn = (ref: PvRef<RouteContext> | undefined): string => {
    const value = ref?.get(ctx) ?? null;
    return value === null ? '' : String(value);
  };
  if (params.auth_realm_avp !== undefined) {
    const realm = textIn(params.auth_realm_avp) || challenge.realm;
    const [user, password] = [textIn(params.auth_username_avp), textIn(params.auth_password_avp)];
    if (realm === challenge.realm && user !== '' && password !== '') return { user, realm, password, isHa1: false };
  }
  return state.credentials.find((c) => c.realm === challenge.realm) ?? null;
}

/** With restore_dlg, what is replaced is kept in the dialog. */
const dialogsOf = (me: { readonly params: { readonly restore_dlg: number }; readonly uses: Uses }): DialogApi | null =>
  me.params.restore_dlg === 0 ? null : me.uses.find<DialogApi>('dialog');

function authenticate(
  me: { readonly params: Params; readonly state: State; readonly uses: Uses },
  ctx: RouteContext,
  mode: number,
): Verdict {
  const { transaction: t, reply } = ctx;
  const branch = t === null ? undefined : t.branches[ctx.server.transactions.picked(t)];
  const challenge = reply === null ? null : challengeOf(reply);
  if (t === null || branch === undefined || challenge === null) return -1;
  const known = credentialFor(me.params, me.state, ctx, challenge);
  if (known === null) {
    ctx.log(2, `no credential for realm "${challenge.realm}"`, 'uac');
    return -1;
  }
  const credential = mode & 1 ? { ...known, isHa1: true } : known;
  const line = answer(challenge, credential, ctx.msg.method, branch.uri);
  ctx.draft.uri = branch.uri;
  ctx.draft.edits.insert(ctx.msg.headersEnd, line);
  t.draft.marks |= MessageMark.uacAuth;
  // RFC 3261 §22.2: a number of its own, where the dialog can keep count (track_cseq_updates).
  me.uses.find<DialogApi>('dialog')?.nextCseq(ctx);
  return 1;
}

async function sendOwn(
  server: ServerApi,
  r: OwnRequest,
  again: { readonly fromTag: string; readonly cseq: number } | null,
  extra = '',
): Promise<Verdict> {
  const match = /^(?:(?:udp|tcp|tls):)?(\[[^\]]*\]|[^:]+)(?::(\d+))?$/.exec(r.sock);
  const socket = match === null ? null : server.transports.findSocket(match[1] ?? '', Number(match[2] ?? 0));
  const sent = await server.transactions.request({
    method: r.method,
    uri: r.ruri,
    from: r.furi || r.ruri,
    to: r.turi || r.ruri,
    nextHop: r.ouri === '' ? null : r.ouri,
    socket,
    callId: r.callid === '' ? null : r.callid,
    headers: r.hdrs + extra,
    body: r.body,
    ...(again === null ? {} : { fromTag: again.fromTag, cseq: again.cseq }),
    completed: (outcome) => void answered(server, r, outcome, again !== null),
  });
  return sent.code < 0 ? -1 : 1;
}
/** The event route, and a second try with credentials when the first was challenged. */
async function answered(server: ServerApi, r: OwnRequest, outcome: LocalOutcome, second: boolean): Promise<void> {
  const { status, reply } = outcome;
  if (r.evroute !== 0) {
    const told: OwnRequest = { ...r, evcode: status, evtype: reply === null ? 2 : 1 };
    await server.script.runEvent('uac:reply', reply ?? server.detachedRun().msg, (run) => void run.data.set(OWN, told));
  }
  const challenge = second || reply === null || r.apasswd === '' ? null : challengeOf(reply);
  if (reply === null || challenge === null) return;
  const credential = { user: r.auser, realm: challenge.realm, password: r.apasswd, isHa1: (r.flags & 1) !== 0 };
  const line = answer(challenge, credential, r.method, r.ruri);
  const retry = { ...r, callid: reply.callId ?? r.callid };
  await sendOwn(server, retry, { fromTag: reply.from?.tag ?? '', cseq: (reply.cseq?.number ?? 10) + 1 }, line);
}

const replaced = { 1: 'done', [-1]: 'no good field, done before, or a request within a dialog in auto mode' } as const;
const restored = { 1: 'done', [-1]: 'there is nothing to restore' } as const;
const authReturns = { 1: 'credentials were added', [-1]: 'no challenge that can be answered' } as const;

const found = { 1: 'done', [-1]: 'no such record' } as const;

async function startRegistrations(state: State, p: RegParams, server: ServerApi): Promise<void> {
  if (p.reg_contact_addr === '' && p.reg_db_url === '') return;
  if (p.reg_contact_addr === '')
    throw new StartError(
      'SIPC8023',
      'uac: reg_db_url needs reg_contact_addr: set it to the host:port others reach us at',
    );
  const db = p.reg_db_url === '' ? null : await server.databases.open(p.reg_db_url, 'uac');
  const all = new Registrations(
    server,
    {
      contact: p.reg_contact_addr,
      retrySec: p.reg_retry_interval,
      intervalSec: p.reg_timer_interval,
      keepCallId: p.reg_keep_callid !== 0,
      randomDelaySec: p.reg_random_delay,
      useDomain: p.reg_use_domain !== 0,
      table: p.reg_db_table,
      defaultSocket: p.default_socket,
      reloadDeltaSec: p.reload_delta < 0 ? p.reg_gc_interval : p.reload_delta,
    },
    db,
  );
  all.active = p.reg_active !== 0;
  state.registrations = all;
  await all.load();
  server.stats.gauge('uac', 'regtotal', () => all.records.size);
  server.stats.gauge('uac', 'regactive', () => all.count(RegFlag.online));
  server.stats.gauge('uac', 'regdisabled', () => all.count(RegFlag.disabled));
  const everyMs = p.reg_timer_interval * 1000;
  // The first look comes at once.
  const timer = server.env.clock.setTimer(0, () => {
    all.tick();
    timer.rearm(everyMs);
  });
  state.timer = timer;
}

const changeFlag = (name: string, doc: string, on: boolean) =>
  ({
    doc,
    args: [varStr('attribute', 'l_uuid, l_username, r_username or auth_username'), varStr('value')],
    routes: ['any'],
    returns: {
      1: 'done',
      [-1]: 'empty, or no registrations are kept',
      [-2]: 'no such record',
      [-3]: 'no such attribute',
    },
    example: `${name}("l_uuid", "trunk");`,
    run(me: { readonly state: State }, _ctx: RouteContext, attribute: string, value: string): Verdict {
      const all = me.state.registrations;
      if (all === null || attribute === '' || value === '') return -1;
      const r = all.find(attribute, value);
      if (r === undefined) return -3;
      if (r === null) return -2;
      switchOff(all, r, on);
      return 1;
    },
  }) as const;
function switchOff(all: Registrations, r: Registration, on: boolean): void {
  r.flags = on ? r.flags | RegFlag.disabled : r.flags & ~RegFlag.disabled;
  r.timerExpires = all.now + 1;
}
/** A command on the registrations, when they are kept. */
const onRegistrations = (doc: string, run: (all: Registrations, call: RpcCall) => void | Promise<void>) => ({
  doc,
  run(me: { readonly state: State }, call: RpcCall): void | Promise<void> {
    if (me.state.registrations !== null) return run(me.state.registrations, call);
    call.fault(500, 'Not enabled');
    return undefined;
  },
});
async function reload(all: Registrations, call: RpcCall, uuid: string | null): Promise<void> {
  try {
    if (uuid === null && !all.mayReload()) {
      call.fault(500, 'Failed to shift records - check log messages');
      return;
    }
    if ((await all.load(uuid)) === 0 && uuid !== null) call.fault(404, 'Record not found');
  } catch {
    call.fault(500, `Failed to ${uuid === null ? 'reload records' : 'refresh record'} - check log messages`);
  }
}

/** `uac_reg_send_register`, `uac_reg_send_unregister`: the record is found as `uac.reg_info` finds it. */
const sendNow = (doc: string, takeBack: boolean) =>
  ({
    doc,
    args: [varStr('attribute', 'l_uuid, l_username, r_username or auth_username'), varStr('value')],
    routes: ['any'],
    async: 'never',
    returns: { 1: 'sent', [-1]: 'no such record, or nothing can be looked for by that name' },
    example: `uac_reg_send_${takeBack ? 'un' : ''}register("l_uuid", "trunk");`,
    run(me: { readonly state: State }, ctx: RouteContext, attribute: string, value: string): Verdict {
      const all = me.state.registrations;
      const r = all?.find(attribute, value);
      if (!all || !r) {
        ctx.log(-1, r === null ? 'Record not found' : 'Unsupported filter attribute', 'uac');
        return -1;
      }
      if (takeBack) r.expires = 0;
      void all.send(r);
      return 1;
    },
  }) as const;

export default defineModule({
  name: 'uac',
  doc: 'From and To replaced, challenges answered, requests of our own.',
  uses: ['tm', 'rr?', 'dialog?'],
  params: {
    rr_from_store_param: { type: 'str', default: 'vsf', doc: 'Record-Route parameter that keeps From.' },
    rr_to_store_param: { type: 'str', default: 'vst', doc: 'Record-Route parameter that keeps To.' },
    restore_dlg: {
      type: 'int',
      default: 0,
      doc: '1: what was replaced is kept in variables of the dialog, not in Record-Route.',
    },
    restore_mode: {
      type: 'str',
      default: 'auto',
      values: ['none', 'manual', 'auto'],
      doc: 'Whether what was replaced is put back: auto, by uac_restore_…() calls (responses to later requests stay as they come), or not.',
    },
    restore_passwd: { type: 'str', default: '', doc: 'Text mixed into what Record-Route keeps.' },
    restore_from_avp: { type: 'avp', doc: 'AVP that gets From as it was.' },
    restore_to_avp: { type: 'avp', doc: 'AVP that gets To as it was.' },
    credential: { type: 'str', many: true, doc: 'user:realm:password' },
    auth_username_avp: { type: 'avp', doc: 'AVP with the user for uac_auth().' },
    auth_realm_avp: { type: 'avp', doc: 'AVP with the realm; empty fits any.' },
    auth_password_avp: { type: 'avp', doc: 'AVP with the password.' },
    reg_contact_addr: {
      type: 'str',
      default: '',
      doc: 'Address in the Contact of remote registrations: host or host:port. Set: registrations are kept up.',
    },
    reg_db_url: {
      type: 'str',
      default: '',
      doc: 'Database with the table of registrations; empty: they come by uac.reg_add.',
    },
    reg_db_table: { type: 'str', default: 'uacreg', doc: 'That table.' },
    reg_timer_interval: { type: 'int', default: 90, min: 1, doc: 'Seconds between looks at the registrations.' },
    reg_retry_interval: {
      type: 'int',
      default: 0,
      min: 0,
      doc: 'Seconds after a failure; 0: the registration is disabled.',
    },
    reg_keep_callid: { type: 'int', default: 0, doc: '1: a refresh has the Call-ID of the last one.' },
    reg_random_delay: {
      type: 'int',
      default: 0,
      min: 0,
      doc: 'Most seconds a record without a delay of its own waits at the start.',
    },
    reg_gc_interval: {
      type: 'int',
      default: 150,
      min: 0,
      doc: 'Seconds in which uac.reg_reload is refused after the last one, where reload_delta is not set.',
    },
    reg_hash_size: { type: 'int', default: 4, doc: 'Not used: the table grows as it must.' },
    reload_delta: {
      type: 'int',
      default: -1,
      min: -1,
      doc: 'Seconds in which uac.reg_reload is refused after the last one (Kamailio 6); -1: reg_gc_interval.',
    },
    event_callback: scriptCallback('event_route[uac:reply]'),
    reg_active: { type: 'int', default: 1, doc: '0: nothing is registered until uac.reg_active says so.' },
    reg_use_domain: { type: 'int', default: 0, doc: '1: local users are looked up with their domain.' },
    default_socket: { type: 'str', default: '', doc: 'Socket for REGISTER requests that have none of their own.' },
  },
  stats: {
    regtotal: { doc: 'Remote registrations there are.', gauge: true },
    regactive: { doc: 'Remote registrations that stand.', gauge: true },
    regdisabled: { doc: 'Remote registrations that are disabled.', gauge: true },
  },
  state: (_init, params): State => ({
    credentials: params.credential.map(credentialOf).reverse(),
    registrations: null,
    timer: null,
  }),
  async start(me, server) {
    const { params } = me;
    await startRegistrations(me.state, params, server);
    const given = [params.auth_username_avp, params.auth_realm_avp, params.auth_password_avp].filter(
      (p) => p !== undefined,
    );
    if (given.length !== 0 && given.length !== 3)
      throw new StartError(
        'SIPC8023',
        'uac: set all of auth_username_avp, auth_realm_avp and auth_password_avp, or none',
      );
    const options = restoreOptions(params);
    if (params.restore_dlg !== 0) {
      const dialogs = dialogsOf(me);
      if (dialogs === null)
        throw new StartError('SIPC8132', 'uac: restore_dlg needs the dialog module; load it before uac');
      followDialogs(dialogs);
    }
    if (options.mode === 'none') return;
    const rr = me.uses.find<RrApi>('rr');
    if (rr === null)
      throw new StartError(
        'SIPC8023',
        'uac: restore_mode needs rr: add  loadmodule "rr.so"  before it, or set it to none',
      );
    server.transactions.hooks.responseIn.push((t, _branch, reply, draft) => {
      if ((t.draft.marks & MessageMark.uacReply) !== 0) restoreReply(t, reply, draft);
    });
    if (options.mode === 'auto')
      rr.onRouted((ctx) => {
        restoreField(ctx, 'from', options, rr);
        restoreField(ctx, 'to', options, rr);
      });
  },
  stop(me) {
    me.state.timer?.cancel();
    me.state.timer = null;
  },
  functions: {
    uac_reg_lookup: {
      doc: 'Stores the local URI of a remote registration.',
      args: [varStr('uuid'), pvWritable('result')],
      routes: ['any'],
      returns: found,
      example: 'if (uac_reg_lookup("$rU", "$ru")) { lookup("location"); }',
      run(me, ctx, uuid, result) {
        const r = me.state.registrations?.records.get(uuid);
        return r !== undefined && result.set?.(ctx, `sip:${r.localUser}@${r.localDomain}`) !== false ? 1 : -1;
      },
    },
    uac_reg_lookup_uri: {
      doc: 'Stores the uuid of the remote registration of a local URI.',
      args: [varStr('uri'), pvWritable('result')],
      routes: ['any'],
      returns: { ...found, [-2]: 'not a URI' },
      example: 'if (uac_reg_lookup_uri("$fu", "$var(uuid)")) { xlog("$var(uuid)\\n"); }',
      run(me, ctx, uri, result) {
        if (parseUri(uri, ctx.grammar) === null) return -2;
        const r = me.state.registrations?.byUri(uri, ctx.grammar) ?? null;
        return r !== null && result.set?.(ctx, r.uuid) !== false ? 1 : -1;
      },
    },
    uac_reg_status: {
      doc: 'How a remote registration stands.',
      args: [varStr('uuid')],
      routes: ['any'],
      returns: {
        1: 'registered',
        [-1]: 'no such record',
        [-2]: 'being registered',
        [-3]: 'disabled',
        [-99]: 'not registered',
      },
      example: 'if (uac_reg_status("trunk")) { xlog("registered\\n"); }',
      run(me, _ctx, uuid) {
        const { registrations } = me.state;
        const r = registrations?.records.get(uuid);
        if (registrations === null || r === undefined) return -1;
        if ((r.flags & RegFlag.online) !== 0 && r.timerExpires > registrations.now) return 1;
        return (r.flags & RegFlag.ongoing) !== 0 ? -2 : (r.flags & RegFlag.disabled) !== 0 ? -3 : -99;
      },
    },
    uac_reg_send_register: sendNow('Registers at once, whenever the timer would.', false),
    uac_reg_send_unregister: sendNow('Takes a registration back; it is not renewed any more.', true),
    uac_reg_request_to: {
      doc: 'Sets Request-URI, next hop and the credentials’ AVPs for the provider of a remote registration.',
      args: [varStr('key'), varInt('mode', '0 by uuid, 1 by local user; 2 more: the HA1 in place of the password')],
      routes: ['request', 'failure', 'branch'],
      returns: { ...found, [-2]: 'not a URI' },
      example: 'if (uac_reg_request_to("$fU", "1")) { t_relay(); }',
      run(me, ctx, key, mode) {
        const { params, state } = me;
        const all = state.registrations;
        if (all === null || mode > 3) return -1;
        if ((mode & 1) !== 0 && params.reg_use_domain !== 0 && parseUri(key, ctx.grammar) === null) return -2;
        const r =
          (mode & 1) === 0
            ? all.records.get(key)
            : params.reg_use_domain
              ? all.byUri(key, ctx.grammar)
              : all.byUser(key, null);
        if (r === undefined || r === null) return -1;
        ctx.draft.uri = `sip:${r.remoteUser}@${r.remoteDomain}`;
        ctx.draft.dstUri = r.authProxy === '' ? null : r.authProxy;
        params.auth_realm_avp?.set?.(ctx, r.realm);
        params.auth_username_avp?.set?.(ctx, r.authUser);
        params.auth_password_avp?.set?.(ctx, (mode & 2) !== 0 ? r.authHa1 : r.authPassword);
        return 1;
      },
    },
    uac_reg_enable: changeFlag('uac_reg_enable', 'Enables a remote registration.', false),
    uac_reg_disable: changeFlag('uac_reg_disable', 'Disables a remote registration.', true),
    uac_reg_refresh: {
      doc: 'Reads a remote registration from the database again.',
      args: [varStr('uuid')],
      routes: ['any'],
      async: 'maybe',
      returns: { 1: 'done', [-1]: 'no such record, no database, or it failed' },
      example: 'uac_reg_refresh("trunk");',
      run: (me, _ctx, uuid): Verdict | Promise<Verdict> =>
        me.state.registrations === null || me.params.reg_db_url === '' || uuid === ''
          ? -1
          : me.state.registrations.load(uuid).then(
              (n) => (n > 0 ? 1 : -1),
              () => -1,
            ),
    },
    uac_replace_from: {
      doc: 'Replaces display name and URI of From, or the URI alone. Empty: the name goes, the URI stays.',
      args: [varStr('displayOrUri', 'the URI when it stands alone'), opt(varStr('uri'))],
      routes: ['request', 'branch'],
      returns: replaced,
      example: 'uac_replace_from("Batman", "sip:batman@gotham.org");',
      run: (me, ctx, first, uri) =>
        replaceField(
          ctx,
          'from',
          uri === undefined ? null : first,
          uri ?? first,
          restoreOptions(me.params),
          me.uses.find<RrApi>('rr'),
          dialogsOf(me),
        ),
    },
    uac_replace_to: {
      doc: 'Replaces display name and URI of To, or the URI alone. Empty: the name goes, the URI stays.',
      args: [varStr('displayOrUri', 'the URI when it stands alone'), opt(varStr('uri'))],
      routes: ['request', 'branch'],
      returns: replaced,
      example: 'uac_replace_to("sip:robin@gotham.org");',
      run: (me, ctx, first, uri) =>
        replaceField(
          ctx,
          'to',
          uri === undefined ? null : first,
          uri ?? first,
          restoreOptions(me.params),
          me.uses.find<RrApi>('rr'),
          dialogsOf(me),
        ),
    },
    uac_restore_from: {
      doc: 'Changes a request within a dialog as uac_replace_from() changed the first one, by the Route parameter.',
      args: [],
      routes: ['request'],
      returns: restored,
      example: 'if (uac_restore_from()) { xlog("restored\\n"); }',
      run(me, ctx) {
        const rr = me.uses.find<RrApi>('rr');
        return rr === null ? -1 : restoreField(ctx, 'from', restoreOptions(me.params), rr);
      },
    },
    uac_restore_to: {
      doc: 'Changes a request within a dialog as uac_replace_to() changed the first one, by the Route parameter.',
      args: [],
      routes: ['request'],
      returns: restored,
      example: 'if (uac_restore_to()) { xlog("restored\\n"); }',
      run(me, ctx) {
        const rr = me.uses.find<RrApi>('rr');
        return rr === null ? -1 : restoreField(ctx, 'to', restoreOptions(me.params), rr);
      },
    },
    uac_auth: {
      doc: 'Answers the challenge of a 401 or 407: adds credentials and sets the Request-URI, to be relayed again. CSeq stays, unless dialog tracks it.',
      args: [opt(varInt('mode', '1: the password is an HA1'))],
      routes: ['failure', 'branch_failure'],
      aliases: ['uac_auth_mode'],
      returns: authReturns,
      example: 'if (uac_auth()) { t_relay(); }',
      run: (me, ctx, mode) => authenticate(me, ctx, mode ?? 0),
    },
    uac_req_send: {
      doc: 'Sends the request that $uac_req(…) describes; with evroute set, event_route[uac:reply] gets the answer.',
      args: [],
      routes: ['any'],
      async: 'maybe',
      returns: { 1: 'sent', [-1]: 'method or ruri is missing, or it could not be sent' },
      example: '$uac_req(method) = "OPTIONS"; $uac_req(ruri) = "sip:127.0.0.1:5090"; uac_req_send();',
      run(_me, ctx): Verdict | Promise<Verdict> {
        const r = own(ctx);
        return r.ruri === '' || r.method === '' ? -1 : sendOwn(ctx.server, { ...r }, null);
      },
    },
  },
  pvs: {
    uac_req: {
      doc: 'The request that uac_req_send() sends: `method ruri turi furi ouri hdrs body callid sock auser apasswd evroute evparam flags`; in event_route[uac:reply] also `evcode` and `evtype` (1: a response came, 2: none). `all` set to null empties it.',
      type: 'any',
      key: { use: 'req', values: ['all', ...texts, ...numbers] },
      get(_me, ctx, key): Value {
        const r = own(ctx);
        if (isText(key)) return r[key] === '' ? null : r[key];
        return isNumber(key) ? r[key] : r.flags;
      },
      set(_me, ctx, value, key) {
        const r = own(ctx);
        if (key === 'all') {
          if (value === null) ctx.data.set(OWN, { ...empty(), auser: r.auser, apasswd: r.apasswd, sock: r.sock });
          return true;
        }
        if (isText(key)) {
          if (value !== null && (typeof value !== 'string' || value.length > MAX_TEXT)) return false;
          r[key] = value ?? '';
          return true;
        }
        if (!isNumber(key) || (value !== null && typeof value !== 'number')) return false;
        r[key] = value ?? 0;
        return true;
      },
    },
  },
  rpc: {
    'uac.reg_dump': {
      ...onRegistrations('Dump the contents of user registrations table.', (all, call) => {
        for (const r of all.records.values()) call.add(all.shown(r));
      }),
      array: true,
    },
    'uac.reg_info': onRegistrations('Return the details of registration for a particular record.', (all, call) => {
      const r = all.named(call);
      if (r !== null) call.add(all.shown(r));
    }),
    'uac.reg_enable': onRegistrations('Enable registration for a particular record.', (all, call) => {
      const r = all.named(call);
      if (r !== null) switchOff(all, r, false);
    }),
    'uac.reg_disable': onRegistrations('Disable registration for a particular record.', (all, call) => {
      const r = all.named(call);
      if (r !== null) switchOff(all, r, true);
    }),
    'uac.reg_reload': onRegistrations('Reload records from database.', (all, call) => reload(all, call, null)),
    'uac.reg_refresh': onRegistrations('Refresh a record from database.', (all, call) => {
      const uuid = call.str();
      if (uuid !== undefined) return reload(all, call, uuid);
      call.fault(400, 'Invalid Parameters');
      return undefined;
    }),
    'uac.reg_remove': onRegistrations('Remove a record from memory.', (all, call) => {
      const uuid = call.str();
      if (uuid === undefined) call.fault(400, 'Invalid Parameters');
      else if (!all.records.delete(uuid)) call.fault(404, 'Record not found');
    }),
    'uac.reg_add': onRegistrations('Add a record to memory.', (all, call) => {
      // Ten texts, three numbers, two texts: socket and contact.
      const row = Array.from({ length: 15 }, (_, i) => (i >= 10 && i < 13 ? call.int() : call.str()));
      if (row.some((value) => value === undefined)) {
        call.fault(400, 'Invalid Parameters');
        return;
      }
      // A dot stands for nothing in the password, the HA1 and the contact.
      const given = row.map((value, i) => ((i === 7 || i === 8 || i === 14) && value === '.' ? '' : (value ?? '')));
      if (all.records.has(String(given[0]))) {
        call.fault(409, 'uuid already exists');
        return;
      }
      const [socket = '', contact = ''] = given.slice(13);
      const problem = all.add([...given.slice(0, 13), contact, socket]);
      if (problem !== null) call.fault(500, problem);
    }),
    'uac.reg_active': onRegistrations('Set remote registration active or inactive for all records.', (all, call) => {
      const mode = call.int();
      if (mode === undefined) {
        call.fault(500, 'Missing parameter');
        return;
      }
      call.add(new RpcStruct({ omode: all.active ? 1 : 0, nmode: mode }));
      all.active = mode !== 0;
    }),
    'uac.reg_register': onRegistrations('Send a register request.', (all, call) => {
      const r = all.named(call);
      return r === null ? undefined : all.send(r);
    }),
    'uac.reg_unregister': onRegistrations('Send a register request with expires 0.', (all, call) => {
      const r = all.named(call);
      if (r === null) return undefined;
      r.expires = 0;
      return all.send(r);
    }),
  },
  eventRoutes: { 'uac:reply': { doc: 'The answer to a request of uac_req_send(): $uac_req(evcode).' } },
  missing: [],
});
