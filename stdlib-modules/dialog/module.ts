/**
 * dialog: calls as a proxy sees them (RFC 3261 §12): counted, limited, ended when their time is over, kept in a database.
 * Names, parameters and the checks of their arguments, of which dialog has many; `follow.ts` has the life of one, `requests.ts`
 * what is sent within it.
 */
import {
  defineModule,
  type Format,
  type Maybe,
  name,
  namedPv,
  oneOf,
  openChannel,
  opt,
  type PvRef,
  pvWritable,
  type RouteContext,
  type RpcCall,
  type ServerApi,
  StartError,
  str,
  type Timer,
  type Uses,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import type { DialogApi, DialogListener } from './api.js';
import { contextOf, giveContext, knownContext } from './context.js';
import { CseqTracking } from './cseq.js';
import { type Dialog, DialogFlag, Direction, type Leg, PropertyFlag, Side, State, setVar } from './dialog.js';
import { type DialogCounters, type DialogSettings, Dialogs, type RrApi } from './dialogs.js';
import { contactOf, Follower } from './follow.js';
import { checkParams, columnsOf, params } from './params.js';
import { DbMode, Persistence } from './persistence.js';
import { type Profile, type ProfileLink, parseProfiles } from './profiles.js';
import { attributeNames, attributeOf, contextNames, contextValue, setContextValue } from './pvs.js';
import { Replication } from './replication.js';
import { Requests } from './requests.js';
import { Commands } from './rpc.js';
import { slotsOf } from './table.js';

/** All that a started module is made of. */
interface Parts {
  readonly dialogs: Dialogs;
  readonly follower: Follower;
  readonly requests: Requests;
  readonly commands: Commands;
  readonly cseq: CseqTracking | null;
  persistence: Persistence | null;
  /** With `enable_dmq`. */
  replication: Replication | null;
  readonly timers: Timer[];
  /** Formats known only at a call, by their text. */
  readonly formats: Map<string, (ctx: RouteContext) => string>;
  readonly results: Map<string, ReturnType<typeof namedPv>>;
}
class DialogState {
  /** Modules may ask before this one has started. */
  readonly listeners: DialogListener[] = [];
  parts: Parts | null = null;
}
type Params = {
  readonly [K in keyof typeof params]: (typeof params)[K] extends { readonly type: 'int' } ? number : string;
};
interface Me {
  readonly params: Omit<Params, 'timeout_avp' | 'ruri_pvar'> & {
    readonly timeout_avp: PvRef<RouteContext> | undefined;
    readonly ruri_pvar: Format<RouteContext> | undefined;
  };
  readonly stats: DialogCounters;
  readonly state: DialogState;
  readonly uses: Uses;
}
function partsOf(me: { readonly state: DialogState }): Parts {
  if (me.state.parts === null) throw new TypeError('dialog is used before it was started');
  return me.state.parts;
}

const settingsOf = (p: Me['params']): DialogSettings => ({
  flag: p.dlg_flag,
  rrParam: p.rr_param,
  timeoutAvp: p.timeout_avp ?? null,
  defaultTimeout: p.default_timeout,
  extraHeaders: p.dlg_extra_hdrs,
  calleeHeaders: p.lreq_callee_headers,
  matchMode: p.dlg_match_mode,
  detectSpirals: p.detect_spirals !== 0,
  createdInScript: p.initial_cbs_inscript !== 0,
  sendBye: p.send_bye !== 0,
  waitAck: p.wait_ack === 1,
  timerNoReset: p.timeout_noreset !== 0,
  keepProxyRoutes: p.keep_proxy_rr,
  localOnly: (p.dlg_filter_mode & 1) !== 0,
  requestUri: p.ruri_pvar ?? null,
  kaIntervalSec: p.ka_interval,
  kaFailedLimit: p.ka_failed_limit,
  earlyTimeoutSec: p.early_timeout,
  noAckTimeoutSec: p.noack_timeout,
  endTimeoutSec: p.end_timeout,
  bridgeController: p.bridge_controller,
  bridgeContact: p.bridge_contact,
  counted: p.enable_stats !== 0,
  early: p.bye_early_code === 0 ? null : { status: p.bye_early_code, reason: p.bye_early_reason },
  cancelHasDialog: (p.dlg_ctxiuid_mode & 1) !== 0,
  ofTransactions: p.dlg_mode === 0,
});
function profilesOf(p: Me['params']): Map<string, Profile> {
  const profiles = new Map<string, Profile>();
  const wrong =
    parseProfiles(p.profiles_no_value, false, profiles) ?? parseProfiles(p.profiles_with_value, true, profiles);
  if (wrong !== null) throw new StartError('SIPC8128', `dialog: ${wrong}`);
  return profiles;
}

/** Seconds between two clean-ups. */
const CLEAN_SEC = 90;

function build(me: Me, server: ServerApi): Parts {
  const { params: p } = me;
  const idStart = p.h_id_start === -1 ? server.settings.values.server_id : p.h_id_start;
  const dialogs = new Dialogs(server, settingsOf(p), profilesOf(p), me.stats, me.uses.get<RrApi>('rr'), me.state.listeners, {
    size: slotsOf(p.hash_size),
    idStart,
    idStep: Math.max(1, p.h_id_step),
  });
  const requests = new Requests(dialogs);
  const follower = new Follower(dialogs, requests);
  follower.watch();
  const cseq = p.track_cseq_updates === 0 ? null : new CseqTracking(dialogs);
  cseq?.watch();
  const commands = new Commands(dialogs, requests);
  return { dialogs, follower, requests, commands, cseq, persistence: null, replication: null, timers: [], formats: new Map(), results: new Map() };
} // biome-ignore format: the last line

function every(parts: Parts, server: ServerApi, seconds: number, work: () => void): void {
  const timer: Timer = server.env.clock.setTimer(seconds * 1000, () => {
    work();
    timer.rearm(seconds * 1000);
  });
  parts.timers.push(timer);
}

/** Text with pseudo-variables that stands in an argument whose meaning depends on how many there are. */
function textOf(me: Me, ctx: RouteContext, text: string): string {
  const { formats } = partsOf(me);
  let made = formats.get(text);
  if (made === undefined) {
    made = ctx.server.format(text);
    formats.set(text, made);
  }
  return made(ctx);
}
function setResult(me: Me, ctx: RouteContext, written: string, value: number): Verdict {
  const { results } = partsOf(me);
  let pv = results.get(written);
  if (pv === undefined) {
    try {
      pv = namedPv(ctx.server, written, 'get_profile_size');
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      ctx.log(-1, error.message, 'dialog');
      return -1;
    }
    results.set(written, pv);
  }
  return pv.set(ctx, value) ? 1 : -1;
}

/** The profile, and the value where it has values; null: it is not defined, or the value is missing. */
function profileFor(
  me: Me,
  ctx: RouteContext,
  profileName: string,
  value: string | undefined,
): { readonly profile: Profile; readonly value: string } | null {
  const profile = partsOf(me).dialogs.profiles.get(profileName);
  if (profile === undefined) {
    ctx.log(-1, `profile ${profileName} is not defined`, 'dialog');
    return null;
  }
  if (!profile.hasValue) return { profile, value: '' };
  if (!value) {
    ctx.log(-1, `profile ${profileName} needs a value`, 'dialog');
    return null;
  }
  return { profile, value };
}
const linkIn = (dialog: Dialog, profile: Profile, value: string): ProfileLink | undefined =>
  dialog.profiles.find((link) => link.profile === profile && (!profile.hasValue || link.value === value));

const isFlag = (n: number): boolean => n >= 0 && n <= 31;
const asVerdict = (ok: boolean | Promise<boolean>): Verdict | Promise<Verdict> =>
  typeof ok === 'boolean' ? (ok ? 1 : -1) : ok.then((done) => (done ? 1 : -1));
const sideOf = (text: string): Side => (text === 'caller' ? Side.caller : Side.callee);
const properties: Readonly<Record<string, number>> = {
  'ka-src': PropertyFlag.keepaliveCaller,
  'ka-dst': PropertyFlag.keepaliveCallee,
  'timeout-noreset': PropertyFlag.timerNoReset,
};
function setProperty(me: Me, ctx: RouteContext, text: string, on: boolean): Verdict {
  const bit = Object.hasOwn(properties, text) ? (properties[text] ?? 0) : 0;
  if (bit === 0) {
    ctx.log(-1, `unknown property ${text}`, 'dialog');
    return -1;
  }
  const context = contextOf(ctx);
  const dialog = partsOf(me).dialogs.inContext(ctx);
  context.iflags = on ? context.iflags | bit : context.iflags & ~bit;
  if (dialog !== null) dialog.iflags = on ? dialog.iflags | bit : dialog.iflags & ~bit;
  return 1;
}
async function load(me: Me, ctx: RouteContext, callId: string | null): Promise<Verdict> {
  const { persistence } = partsOf(me);
  if (persistence === null) {
    ctx.log(-1, 'dialogs are in memory only: set db_mode', 'dialog');
    return -1;
  }
  try {
    await persistence.load(callId, true);
    return 1;
  } catch (error) {
    ctx.log(-1, `dialogs cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'dialog');
    return -1;
  }
}

/** Letters that `dlg_set_state()` looks at. */
const stateOfLetter: Readonly<Record<string, State>> = {
  u: State.unconfirmed,
  e: State.early,
  a: State.confirmedNoAck,
  c: State.confirmed,
  d: State.deleted,
};
function setState(me: Me, ctx: RouteContext, text: string): Verdict {
  const state = stateOfLetter[text.slice(0, 1).toLowerCase()];
  if (state === undefined) {
    ctx.log(-1, `unknown state value: ${text}`, 'dialog');
    return -1;
  }
  const { dialogs } = partsOf(me);
  const dialog = dialogs.named(ctx.msg);
  if (dialog === null) return -1;
  if (dialog.state === State.confirmed && state === State.deleted) dialog.initTs = dialog.endTs = dialogs.nowSec;
  dialog.state = state;
  dialog.dflags |= DialogFlag.changed;
  dialogs.keeper?.changed(dialog);
  return 1;
}
/** The side of the dialog that the message comes from, with the dialog. */
function senderOf(me: Me, ctx: RouteContext): { readonly dialog: Dialog; readonly leg: Leg } | null {
  const found = partsOf(me).dialogs.lookup(ctx);
  if (found === null) return null;
  const byCaller = (found.direction !== Direction.upstream) === ctx.msg.isRequest;
  return { dialog: found.dialog, leg: byCaller ? found.dialog.caller : found.dialog.callee };
}
function updateContact(me: Me, ctx: RouteContext): Verdict {
  const sender = senderOf(me, ctx);
  const contact = contactOf(ctx.msg);
  if (sender === null || contact === null) return -1;
  sender.leg.setContact(contact.uriText);
  sender.dialog.dflags |= DialogFlag.changed;
  return 1;
}
function refer(me: Me, dialog: Dialog | null, side: string, address: string): Maybe<Verdict> {
  if (dialog === null || address === '') return -1;
  return asVerdict(partsOf(me).requests.refer(dialog, sideOf(side.toLowerCase()), address));
}
/** `more`: header fields; Content-Type and body; or all three. */
function requestWithin(
  me: Me,
  ctx: RouteContext,
  side: string,
  method: string,
  more: readonly string[],
): Maybe<Verdict> {
  const { dialogs, requests } = partsOf(me);
  const dialog = dialogs.inContext(ctx);
  const [headers, type, body] = more.length === 2 ? ['', ...more] : [more[0] ?? '', more[1], more[2]];
  if (dialog === null || method === '' || more.includes('')) return -1;
  const lines = type === undefined ? headers : `${headers}Content-Type: ${type}\r\n`;
  const to = (one: Side) => requests.within(dialog, one, method, lines, body ?? '');
  if (side !== 'all') return asVerdict(to(sideOf(side)));
  const first = to(Side.caller);
  if (first instanceof Promise) return first.then((ok) => (ok ? asVerdict(to(Side.callee)) : -1));
  return first ? asVerdict(to(Side.callee)) : -1;
}
const namedArgs = [varStr('callId'), varStr('fromTag'), varStr('toTag'), varStr('key')] as const;
function dialogNamed(me: Me, callId: string, ftag: string, ttag: string): Dialog | null {
  return callId === '' || ftag === '' ? null : (partsOf(me).dialogs.table.find({ callId, ftag, ttag })?.dialog ?? null);
}

const profileArg = name('profiles', 'profile', 'of profiles_with_value or profiles_no_value');
const valueArg = opt(varStr('value', 'in profiles that have values'));
const inProfile = { 1: 'done', [-1]: 'no dialog, no such profile, or the value is missing' } as const;
const command =
  (run: (commands: Commands, call: RpcCall) => void | Promise<void>) =>
  (me: { readonly state: DialogState }, call: RpcCall): void | Promise<void> =>
    run(partsOf(me).commands, call);

export default defineModule({
  name: 'dialog',
  doc: 'Dialogs through the proxy: counted, limited, ended when their time is over (RFC 3261 §12).',
  uses: ['tm', 'rr', 'dmq?'],
  params,
  stats: {
    active_dialogs: { doc: 'Calls that were answered and not ended.', gauge: true },
    early_dialogs: { doc: 'Calls that ring.', gauge: true },
    processed_dialogs: { doc: 'Calls followed since the start.' },
    expired_dialogs: { doc: 'Calls whose time ran out.' },
    failed_dialogs: { doc: 'Calls that were not answered.' },
  },
  state: () => new DialogState(),
  async start(me, server) {
    checkParams(me.params);
    const parts = build(me, server);
    me.state.parts = parts;
    const { dialogs } = parts;
    if (dialogs.settings.counted) {
      server.stats.gauge('dialog', 'active_dialogs', () => dialogs.active);
      server.stats.gauge('dialog', 'early_dialogs', () => dialogs.early);
    }
    if (me.params.enable_dmq !== 0) {
      const replication = new Replication(dialogs, me.params.enable_dmq_ka_iflags_sync !== 0);
      replication.begin(openChannel('dialog', me.uses, replication.channel(me.params.dmq_peer_id)));
      parts.replication = replication;
    }
    every(parts, server, CLEAN_SEC, () => parts.follower.clean());
    const { ka_timer, ka_interval, db_mode, db_url, db_update_period } = me.params;
    if (ka_timer > 0 && ka_interval > 0) every(parts, server, ka_timer, () => parts.requests.keepAlive());
    if (db_mode === DbMode.none) return;
    const { params: p } = me;
    const persistence = new Persistence(
      {
        mode: db_mode,
        table: p.table_name,
        columns: columnsOf(p),
        varsTable: p.vars_table_name,
        varsColumns: {
          entry: p.vars_h_entry_column,
          id: p.vars_h_id_column,
          key: p.vars_key_column,
          value: p.vars_value_column,
        },
        skipLoad: p.db_skip_load !== 0,
      },
      await server.databases.open(db_url, 'dialog'),
      dialogs,
    );
    await persistence.open();
    parts.persistence = persistence;
    dialogs.keeper = persistence;
    if (db_mode === DbMode.delayed) every(parts, server, db_update_period, () => void persistence.flush());
  },
  async stop(me) {
    const { parts } = me.state;
    if (parts === null) return;
    for (const timer of parts.timers.splice(0)) timer.cancel();
    await parts.persistence?.finish();
    parts.dialogs.keeper = null;
    for (const dialog of parts.dialogs.table.all()) parts.dialogs.stopTimer(dialog);
  },
  functions: {
    dlg_manage: {
      doc: 'Follows the call of an INVITE; a request within a dialog is matched by Call-ID and tags.',
      args: [],
      routes: ['request'],
      returns: { 1: 'it is followed, or the request is within a dialog', [-1]: 'no INVITE, or it cannot be followed' },
      example: 'dlg_manage();',
      run: (me, ctx) => partsOf(me).follower.manage(ctx),
    },
    set_dlg_profile: {
      doc: 'Puts the dialog into a profile: also the one to come, in the request route.',
      args: [profileArg, valueArg],
      routes: ['any'],
      constArgs: true,
      returns: inProfile,
      example: 'set_dlg_profile("calls");',
      run(me, ctx, profileName, value) {
        const found = profileFor(me, ctx, profileName, value);
        if (found === null) return -1;
        const { dialogs } = partsOf(me);
        const dialog = dialogs.of(ctx);
        if (dialog === null && ctx.kind !== 'request') return -1;
        const link: ProfileLink = { ...found, uid: dialogs.newUid(), dialog, expires: 0 };
        if (dialog !== null) dialogs.join(dialog, link);
        else contextOf(ctx).profiles.unshift(link);
        return 1;
      },
    },
    unset_dlg_profile: {
      doc: 'Takes the dialog out of a profile; not in the request route.',
      args: [profileArg, valueArg],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'it was not in it, or this is the request route' },
      example: 'unset_dlg_profile("calls");',
      run(me, ctx, profileName, value) {
        const found = profileFor(me, ctx, profileName, value);
        const dialog = partsOf(me).dialogs.of(ctx);
        if (found === null || dialog === null) return -1;
        if (ctx.kind === 'request') {
          ctx.log(-1, 'a profile cannot be left in the request route', 'dialog');
          return -1;
        }
        const link = linkIn(dialog, found.profile, found.value);
        if (link === undefined) {
          dialog.dflags |= DialogFlag.changedProfiles;
          return -1;
        }
        dialog.profiles = dialog.profiles.filter((l) => l !== link);
        link.profile.remove(link);
        return 1;
      },
    },
    is_in_profile: {
      doc: 'Is the dialog in this profile, with this value?',
      args: [profileArg, valueArg],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'yes', [-1]: 'no, or no dialog' },
      example: 'if (is_in_profile("calls")) { xlog("counted\\n"); }',
      run(me, ctx, profileName, value) {
        const found = profileFor(me, ctx, profileName, value);
        const dialog = partsOf(me).dialogs.of(ctx);
        return found !== null && dialog !== null && linkIn(dialog, found.profile, found.value) !== undefined ? 1 : -1;
      },
    },
    get_profile_size: {
      doc: 'How many dialogs are in a profile, with this value when one is given: (profile, result) or (profile, value, result).',
      args: [profileArg, str('valueOrResult'), opt(pvWritable('result'))],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'the result is set', [-1]: 'no such profile, or the value is missing' },
      example: 'get_profile_size("calls", "$avp(size)");',
      run(me, ctx, profileName, second, result) {
        const given = result === undefined ? undefined : textOf(me, ctx, second);
        const found = profileFor(me, ctx, profileName, given);
        if (found === null) return -1;
        const size = found.profile.size(found.profile.hasValue ? found.value : null);
        if (result === undefined) return setResult(me, ctx, second, size);
        return result.set?.(ctx, size) === false ? -1 : 1;
      },
    },
    dlg_setflag: {
      doc: 'Sets a flag of the dialog, or of the one to come.',
      args: [varInt('flag')],
      routes: ['any'],
      returns: { 1: 'set', [-1]: 'no flag from 0 to 31' },
      example: 'dlg_setflag("1");',
      run(me, ctx, flag) {
        if (!isFlag(flag)) return -1;
        contextOf(ctx).flags |= 1 << flag;
        const dialog = partsOf(me).dialogs.inContext(ctx);
        if (dialog !== null) dialog.sflags |= 1 << flag;
        return 1;
      },
    },
    dlg_resetflag: {
      doc: 'Takes back a flag of the dialog.',
      args: [varInt('flag')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no flag from 0 to 31' },
      example: 'dlg_resetflag("1");',
      run(me, ctx, flag) {
        if (!isFlag(flag)) return -1;
        contextOf(ctx).flags &= ~(1 << flag);
        const dialog = partsOf(me).dialogs.inContext(ctx);
        if (dialog !== null) dialog.sflags &= ~(1 << flag);
        return 1;
      },
    },
    dlg_isflagset: {
      doc: 'Is a flag of the dialog set?',
      args: [varInt('flag')],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (dlg_isflagset("1")) { xlog("it is\\n"); }',
      run(me, ctx, flag) {
        if (!isFlag(flag)) return -1;
        const flags = partsOf(me).dialogs.inContext(ctx)?.sflags ?? knownContext(ctx)?.flags ?? 0;
        return (flags & (1 << flag)) !== 0 ? 1 : -1;
      },
    },
    dlg_bye: {
      doc: 'Sends BYE to one side of the dialog, or to both.',
      args: [oneOf('side', ['all', 'caller', 'callee'])],
      routes: ['any'],
      constArgs: true,
      runs: ['local', 'event'],
      async: 'maybe',
      returns: { 1: 'sent', [-1]: 'no dialog, it is not confirmed, or it was sent before' },
      example: 'dlg_bye("all");',
      run(me, ctx, side): Verdict | Promise<Verdict> {
        const { dialogs, requests } = partsOf(me);
        const dialog = dialogs.inContext(ctx);
        if (dialog === null) return -1;
        return asVerdict(side === 'all' ? requests.byeAll(dialog) : requests.bye(dialog, sideOf(side)));
      },
    },
    dlg_refer: {
      doc: 'Transfers one side of the dialog: the other is asked by REFER to call this URI, and left.',
      args: [oneOf('side', ['caller', 'callee']), varStr('address')],
      routes: ['any'],
      constArgs: true,
      runs: ['local'],
      async: 'maybe',
      returns: { 1: 'sent', [-1]: 'no dialog, or the REFER cannot be built' },
      example: 'dlg_refer("caller", "sip:announcement@127.0.0.1");',
      run(me, ctx, side, address): Verdict | Promise<Verdict> {
        const { dialogs, requests } = partsOf(me);
        const dialog = dialogs.inContext(ctx);
        return dialog === null || address === '' ? -1 : asVerdict(requests.refer(dialog, sideOf(side), address));
      },
    },
    dlg_refer_did: {
      doc: 'As dlg_refer(), for the dialog with this slot and number.',
      args: [varInt('h_entry'), varInt('h_id'), varStr('side', 'caller, else callee'), varStr('address')],
      routes: ['any'],
      runs: ['local'],
      async: 'maybe',
      returns: { 1: 'sent', [-1]: 'no such dialog, no address, or the REFER cannot be built' },
      example: 'dlg_refer_did("3621", "6830", "caller", "sip:announcement@127.0.0.1");',
      run: (me, _ctx, entry, id, side, address) =>
        refer(me, partsOf(me).dialogs.table.byId(entry >>> 0, id >>> 0), side, address),
    },
    dlg_refer_cid: {
      doc: 'As dlg_refer(), for the dialog with this Call-ID.',
      args: [varStr('callId'), varStr('side', 'caller, else callee'), varStr('address')],
      routes: ['any'],
      runs: ['local'],
      async: 'maybe',
      returns: { 1: 'sent', [-1]: 'no such dialog, no address, or the REFER cannot be built' },
      example: 'dlg_refer_cid("$ci", "caller", "sip:announcement@127.0.0.1");',
      run: (me, _ctx, callId, side, address) => refer(me, partsOf(me).dialogs.table.ofCall(callId), side, address),
    },
    dlg_req_within: {
      doc: 'Sends a request to one side of the dialog, or to both; with header fields, with Content-Type and body, or with all three.',
      args: [
        oneOf('side', ['all', 'caller', 'callee']),
        varStr('method'),
        opt(varStr('headersOrType', 'whole lines; with four arguments the Content-Type')),
        opt(varStr('typeOrBody', 'with four arguments the body')),
        opt(varStr('body')),
      ],
      routes: ['any'],
      runs: ['local'],
      async: 'maybe',
      returns: { 1: 'sent', [-1]: 'no dialog, its callee is not known yet, or an argument is empty' },
      example: 'dlg_req_within("callee", "INFO", "X-Why: test\\r\\n");',
      run: (me, ctx, side, method, ...more) =>
        requestWithin(
          me,
          ctx,
          side,
          method,
          more.filter((text) => text !== undefined),
        ),
    },
    dlg_set_state: {
      doc: 'Sets the state of the dialog that the message belongs to: unconfirmed, early, answered, confirmed or deleted.',
      args: [varStr('state')],
      routes: ['any'],
      returns: { 1: 'set', [-1]: 'no dialog, or no such state' },
      example: 'dlg_set_state("early");',
      run: (me, ctx, state) => setState(me, ctx, state),
    },
    dlg_update_state: {
      doc: 'The state of the dialog goes on as the message asks for.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no dialog' },
      example: 'dlg_update_state();',
      run: (me, ctx) => (partsOf(me).follower.updateState(ctx.msg) ? 1 : -1),
    },
    dlg_update_contact: {
      doc: 'The Contact of the message becomes the target of its side of the dialog.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no dialog, or the message has not one Contact' },
      example: 'dlg_update_contact();',
      run: (me, ctx) => updateContact(me, ctx),
    },
    dlg_update_socket: {
      doc: 'Requests to the side of the dialog that the message comes from leave by the socket it came in on.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no dialog' },
      example: 'dlg_update_socket();',
      run(me, ctx) {
        const sender = senderOf(me, ctx);
        if (sender === null) return -1;
        sender.leg.socket = ctx.msg.received.socket;
        return 1;
      },
    },
    dlg_get_var: {
      doc: 'A variable of the dialog with this Call-ID and these tags; `$null` when it has none.',
      args: [...namedArgs, pvWritable('result')],
      routes: ['any'],
      returns: { 1: 'the result is set', [-1]: 'it cannot be set' },
      example: 'dlg_get_var("$ci", "$ft", "$tt", "key", "$var(x)");',
      run(me, ctx, callId, ftag, ttag, key, result) {
        const value = dialogNamed(me, callId, ftag, ttag)?.get(key) ?? null;
        return result.set?.(ctx, value) === false ? -1 : 1;
      },
    },
    dlg_set_var: {
      doc: 'Sets a variable of the dialog with this Call-ID and these tags.',
      args: [...namedArgs, varStr('value')],
      routes: ['any'],
      returns: { 1: 'set', [-1]: 'no such dialog' },
      example: 'dlg_set_var("$ci", "$ft", "$tt", "key", "value");',
      run(me, _ctx, callId, ftag, ttag, key, value) {
        const dialog = dialogNamed(me, callId, ftag, ttag);
        return dialog !== null && partsOf(me).dialogs.setVariable(dialog, key, value) ? 1 : -1;
      },
    },
    dlg_bridge: {
      doc: 'Calls one address on hold and refers it to another.',
      args: [varStr('from'), varStr('to'), varStr('outboundProxy', "'' for none")],
      routes: ['any'],
      constArgs: true,
      runs: ['local'],
      async: 'maybe',
      returns: { 1: 'the first call is on its way', [-1]: 'an address is empty, or it cannot be sent' },
      example: 'dlg_bridge("sip:alice@127.0.0.1:5099", "sip:bob@127.0.0.1", "sip:127.0.0.1:5099");',
      run(me, ctx, from, to, proxy): Verdict | Promise<Verdict> {
        if (from === '' || to === '' || proxy === '') {
          ctx.log(-1, 'dlg_bridge() needs three addresses', 'dialog');
          return -1;
        }
        return asVerdict(partsOf(me).requests.bridge(from, to, proxy));
      },
    },
    dlg_get: {
      doc: 'Makes the dialog with this Call-ID and these tags the one of this run.',
      args: [varStr('callId'), varStr('fromTag'), varStr('toTag')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'it is', [-1]: 'there is none, or an argument is empty' },
      example: 'if (dlg_get("$hdr(X-Call)", "a", "b")) { dlg_bye("all"); }',
      run(me, ctx, callId, ftag, ttag) {
        if (callId === '' || ftag === '' || ttag === '') return -1;
        const found = partsOf(me).dialogs.table.find({ callId, ftag, ttag });
        if (found === null) return -1;
        const context = contextOf(ctx);
        context.dialog = found.dialog;
        context.direction = found.direction;
        return 1;
      },
    },
    is_known_dlg: {
      doc: 'Does the message belong to a dialog that is followed?',
      args: [],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (!is_known_dlg()) { xlog("unknown\\n"); }',
      run: (me, ctx) => (partsOf(me).dialogs.of(ctx) === null ? -1 : 1),
    },
    dlg_set_timeout: {
      doc: 'Seconds the dialog may live from now on; with slot and number, another dialog.',
      args: [varInt('seconds'), opt(varInt('h_entry')), opt(varInt('h_id'))],
      routes: ['any'],
      returns: { 1: 'set', [-1]: 'no dialog, its timer does not run, or the time is not above 0' },
      example: 'dlg_set_timeout("300");',
      run(me, ctx, seconds, entry, id) {
        const { dialogs } = partsOf(me);
        if (seconds <= 0) {
          ctx.log(-1, `invalid timeout value: ${seconds}`, 'dialog');
          return -1;
        }
        const dialog = entry === undefined ? dialogs.of(ctx) : dialogs.table.byId(entry >>> 0, (id ?? 0) >>> 0);
        return dialog !== null && dialogs.setLifetime(dialog, seconds) ? 1 : -1;
      },
    },
    dlg_set_timeout_by_profile: {
      doc: 'Seconds all dialogs of a profile may live from now on: (profile, seconds) or (profile, value, seconds).',
      args: [profileArg, str('valueOrSeconds'), opt(str('seconds'))],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'set', [-1]: 'no such profile, or the value is missing' },
      example: 'dlg_set_timeout_by_profile("calls", "60");',
      run(me, ctx, profileName, second, third) {
        const { dialogs } = partsOf(me);
        const profile = dialogs.profiles.get(profileName);
        if (profile === undefined) return -1;
        const seconds = Number.parseInt(third ?? second, 10) || 0;
        const value = third === undefined || !profile.hasValue ? null : textOf(me, ctx, second);
        if (value === '') return -1;
        for (const { dialog } of [...profile.members(value)])
          if (dialog !== null && dialog.state >= State.early) dialogs.setLifetime(dialog, seconds);
        return 1;
      },
    },
    dlg_set_property: {
      doc: 'Switches on a property of the dialog: `ka-src`, `ka-dst` (keepalives) or `timeout-noreset`.',
      args: [varStr('property')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no such property' },
      example: 'dlg_set_property("ka-src");',
      run: (me, ctx, property) => setProperty(me, ctx, property, true),
    },
    dlg_reset_property: {
      doc: 'Switches a property of the dialog off.',
      args: [varStr('property')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no such property' },
      example: 'dlg_reset_property("timeout-noreset");',
      run: (me, ctx, property) => setProperty(me, ctx, property, false),
    },
    dlg_remote_profile: {
      doc: 'Adds (`add`) or removes (`rm`) a member of a profile that is a dialog of another server.',
      args: [
        varStr('command'),
        varStr('profile'),
        varStr('value'),
        varStr('uid'),
        varInt('expires', 'unix seconds; 0: never'),
      ],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'added, or removed', [-1]: 'no such profile or command, or an argument is missing' },
      example: 'dlg_remote_profile("add", "calls", "", "$ci", "0");',
      run(me, ctx, action, profileName, value, uid, expires) {
        const found = action === '' || uid === '' ? null : profileFor(me, ctx, profileName, value);
        if (found === null) return -1;
        if (action === 'add') return found.profile.addRemote(found.value, uid, expires) ? 1 : -1;
        if (action !== 'rm') return -1;
        found.profile.dropRemote(found.value, uid);
        return 1;
      },
    },
    dlg_set_ruri: {
      doc: 'Sets the Request-URI to the Contact of the side the request goes to.',
      args: [],
      routes: ['any'],
      returns: { 1: 'set', [-1]: 'no dialog, or its Contact is not known' },
      example: 'if (!dlg_set_ruri()) { xlog("no dialog\\n"); }',
      run: (me, ctx) => partsOf(me).follower.setUri(ctx),
    },
    dlg_remove_dialogs_from_node: {
      doc: 'Forgets the dialogs that this node of the cluster told of: it is gone, and nobody will say how they end.',
      args: [varStr('node', 'its URI, as $ru has it in event_route[dmq:peer-disabled]')],
      routes: ['any'],
      returns: { 1: 'at least one was forgotten', [-1]: 'there was none' },
      example: 'dlg_remove_dialogs_from_node("sip:10.0.0.2:5060");',
      run: (me, _ctx, node) => ((partsOf(me).replication?.forgetNode(node) ?? 0) > 0 ? 1 : -1),
    },
    dlg_db_load_callid: {
      doc: 'Reads the dialogs of a Call-ID from the database.',
      args: [varStr('callId')],
      routes: ['any'],
      async: 'always',
      returns: { 1: 'done', [-1]: 'no database, or it failed' },
      example: 'dlg_db_load_callid("$ci");',
      run: (me, ctx, callId) => load(me, ctx, callId),
    },
    dlg_db_load_extra: {
      doc: 'Reads the dialogs from the database that are not in memory.',
      args: [],
      routes: ['any'],
      async: 'always',
      returns: { 1: 'done', [-1]: 'no database, or it failed' },
      example: 'dlg_db_load_extra();',
      run: (me, ctx) => load(me, ctx, null),
    },
  },
  pvs: {
    DLG_count: {
      doc: 'Calls that were answered and not ended.',
      type: 'int',
      nullable: false,
      get: ({ state: { parts } }) => (parts?.dialogs.settings.counted ? parts.dialogs.active : 0),
    },
    DLG_lifetime: {
      doc: 'Seconds since the call of this request was answered.',
      type: 'int',
      get: (_me, ctx) => knownContext(ctx)?.within?.lifetime ?? null,
    },
    DLG_status: {
      doc: 'State of the dialog this request belongs to: 1 to 5.',
      type: 'int',
      get: (_me, ctx) => knownContext(ctx)?.within?.state ?? null,
    },
    dlg_ctx: {
      doc: 'What the dialog to come starts with: `timeout_bye`, `timeout_route`, `flags`; `set`: there is a dialog, `dir` its direction.',
      type: 'any',
      key: { use: 'req', values: [...contextNames] },
      get: (_me, ctx, key) => contextValue(ctx, key),
      set: (_me, ctx, value, key) => setContextValue(ctx, key, value),
    },
    dlg: {
      doc: 'An attribute of the dialog.',
      type: 'any',
      key: { use: 'req', values: [...attributeNames] },
      get(me, ctx, key) {
        const dialog = partsOf(me).dialogs.of(ctx);
        return dialog === null ? null : attributeOf(ctx, dialog, key);
      },
    },
    dlg_var: {
      doc: 'A variable of the dialog, text; before there is one, of the one to come.',
      type: 'str',
      key: { use: 'req' },
      get(me, ctx, key) {
        const dialog = partsOf(me).dialogs.of(ctx);
        if (dialog !== null) return dialog.get(key);
        return knownContext(ctx)?.vars.find((v) => v.key === key)?.value ?? null;
      },
      set(me, ctx, value, key) {
        const { dialogs } = partsOf(me);
        if (typeof value === 'number') {
          ctx.log(-1, 'non-string values are not supported', 'dialog');
          return false;
        }
        const dialog = dialogs.of(ctx);
        return dialog === null ? setVar(contextOf(ctx).vars, key, value) : dialogs.setVariable(dialog, key, value);
      },
    },
  },
  rpc: {
    'dlg.briefing': {
      doc: 'List the summary of dialog records in memory',
      array: true,
      run: command((c, call) => c.briefing(call)),
    },
    'dlg.list': { doc: 'Print all dialogs', array: true, run: command((c, call) => c.list(call)) },
    'dlg.list_ctx': {
      doc: 'Print all dialogs with associated context',
      array: true,
      run: command((c, call) => c.list(call)),
    },
    'dlg.list_match': { doc: 'Print matching dialogs', array: true, run: command((c, call) => c.listMatch(call)) },
    'dlg.list_match_ctx': {
      doc: 'Print matching dialogs with associated context',
      array: true,
      run: command((c, call) => c.listMatch(call)),
    },
    'dlg.dlg_list': {
      doc: 'Print dialog based on callid and optionally fromtag',
      run: command((c, call) => c.one(call)),
    },
    'dlg.dlg_list_ctx': {
      doc: 'Print dialog with associated context based on callid and optionally fromtag',
      run: command((c, call) => c.one(call)),
    },
    'dlg.dump_file': { doc: 'Print all dialogs to json file', run: command((c, call) => c.dumpFile(call)) },
    'dlg.end_dlg': {
      doc: 'End a given dialog based on [h_entry] [h_id]',
      run: command((c, call) => c.end(call)),
    },
    'dlg.terminate_dlg': { doc: 'End a given dialog based on callid', run: command((c, call) => c.terminate(call)) },
    'dlg.set_state': {
      doc: 'Set state for a dialog based on callid and tags',
      run: command((c, call) => c.setState(call)),
    },
    'dlg.is_alive': { doc: 'Check whether dialog is alive or not', run: command((c, call) => c.isAlive(call)) },
    'dlg.stats_active': { doc: 'Get stats about active dialogs', run: command((c, call) => c.statsActive(call)) },
    'dlg.profile_get_size': {
      doc: 'Returns the number of dialogs belonging to a profile',
      run: command((c, call) => c.profileSize(call)),
    },
    'dlg.profile_list': {
      doc: 'Lists all the dialogs belonging to a profile',
      array: true,
      run: command((c, call) => c.profileList(call)),
    },
    'dlg.bridge_dlg': {
      doc: 'Bridge two SIP addresses in a call using INVITE(hold)-REFER-BYE mechanism: to, from, [outbound SIP proxy]',
      run: command((c, call) => c.bridge(call)),
    },
  },
  eventRoutes: {
    'dialog:start': { doc: 'A call was answered, before its ACK.' },
    'dialog:end': { doc: 'A call that was answered ends.' },
    'dialog:failed': { doc: 'A call ends that was not answered.' },
  },
  api: (me): DialogApi => {
    const parts = () => partsOf(me);
    return {
      listen: (listener) => void me.state.listeners.push(listener),
      of: (ctx) => parts().dialogs.of(ctx),
      set: (dialog, key, value) => parts().dialogs.setVariable(dialog, key, value),
      give: (ctx, dialog) => giveContext(ctx, dialog),
      end: (dialog, headers = '') => parts().requests.byeAll(dialog, headers),
      nextCseq: (ctx) => parts().cseq?.next(ctx),
    };
  },
  missing: [],
});
