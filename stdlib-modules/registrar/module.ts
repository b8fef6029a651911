/**
 * registrar: REGISTER requests into the location service and lookups out of it (RFC 3261 §10.3, §16.5; RFC 3327 Path).
 * This file is the table of contents; the work is in save.ts, lookup.ts and reply.ts.
 */
import {
  defineModule,
  int,
  type Maybe,
  opt,
  type RouteContext,
  type ServerApi,
  StartError,
  scriptCallback,
  str,
  type Uses,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { extractAor } from './aor.js';
import { isError } from './errors.js';
import { onRecord, onRecords } from './held.js';
import type { Contact, Domain, SlApi, UsrlocApi } from './location.js';
import { aorRules, lookup, lookupBranches, registered } from './lookup.js';
import type { RegistrarParams } from './params.js';
import { attributeNames, EXPIRED_PROFILE, frozen, Profiles, readProfile } from './profiles.js';
import { isFromUser, lookupXavp } from './records.js';
import { answer, type Replies } from './reply.js';
import { MAX_SAVE_FLAGS, save } from './save.js';

const EXPIRED_EVENT = 'usrloc:contact-expired';
const table = str('table', 'location table');
const ofUri = opt(varStr('uri', 'address to look for; default the Request-URI'));

interface State {
  readonly profiles: Profiles;
}
interface Me {
  readonly params: RegistrarParams;
  readonly state: State;
  readonly uses: Uses;
}
const environment = (me: Me): Replies => ({
  params: me.params,
  usrloc: me.uses.get<UsrlocApi>('usrloc'),
  sl: me.uses.get<SlApi>('sl'),
});
const domainOf = (me: Me, name: string) => me.uses.get<UsrlocApi>('usrloc').location.domain(name);
/** A look at the records of these addresses, as the location has them; -3 when its database does not answer. */
function found(
  me: Me,
  ctx: RouteContext,
  table: string,
  uris: readonly string[],
  look: (env: Replies, domain: Domain) => Verdict,
  lost: Verdict = -3,
): Maybe<Verdict> {
  const env = environment(me);
  const domain = domainOf(me, table);
  return onRecords(env, ctx, domain, uris, () => look(env, domain), lost);
}
/** The address asked for: the Request-URI of a request, To of a response. */
const subject = (ctx: RouteContext) => (ctx.msg.isRequest ? ctx.uri : (ctx.msg.to?.uriText ?? ''));

export default defineModule({
  name: 'registrar',
  doc: 'Registrar and lookups of the location service (RFC 3261 §10).',
  uses: ['sl', 'usrloc'],
  params: {
    default_expires: { type: 'int', default: 3600, min: 0, live: true, doc: 'Seconds when a contact names none.' },
    default_expires_range: {
      type: 'int',
      default: 0,
      min: 0,
      max: 100,
      live: true,
      doc: 'Per cent by which the default varies.',
    },
    expires_range: {
      type: 'int',
      default: 0,
      min: 0,
      max: 100,
      live: true,
      doc: 'Per cent by which what was asked for varies.',
    },
    default_q: {
      type: 'int',
      default: -1,
      min: -1,
      max: 1000,
      live: true,
      doc: 'q times 1000 when a contact names none; -1: none.',
    },
    append_branches: { type: 'int', default: 1, live: true, doc: '0: lookup() takes the first contact only.' },
    case_sensitive: { type: 'int', default: 0, live: true, doc: '1: user names keep their case.' },
    realm_prefix: { type: 'str', default: '', live: 'registrar.realm_pref', doc: 'Taken off the front of the domain.' },
    min_expires: { type: 'int', default: 60, min: 0, live: true, doc: 'Least seconds of a binding.' },
    min_expires_mode: { type: 'int', default: 0, doc: '1: refuse shorter ones with 423 instead of raising them.' },
    max_expires: { type: 'int', default: 0, min: 0, live: true, doc: 'Most seconds of a binding; 0: no limit.' },
    received_param: {
      type: 'str',
      default: 'received',
      doc: 'Contact parameter that shows the source address; empty: none.',
    },
    received_avp: { type: 'avp', doc: 'AVP with the address a REGISTER came from.' },
    max_contacts: {
      type: 'int',
      default: 0,
      min: 0,
      live: true,
      doc: 'Most contacts of an address-of-record; 0: no limit.',
    },
    retry_after: {
      type: 'int',
      default: 0,
      min: 0,
      live: true,
      doc: 'Seconds of Retry-After in 5xx answers; 0: none.',
    },
    method_filtering: { type: 'int', default: 0, doc: '1: skip contacts that do not take the method.' },
    use_path: { type: 'int', default: 0, doc: '1: store and use Path.' },
    path_mode: {
      type: 'int',
      default: 2,
      min: 0,
      max: 2,
      doc: '0: no Path in answers, 1: to who supports it, 2: required.',
    },
    path_use_received: { type: 'int', default: 0, doc: '1: take received from the first Path URI.' },
    path_check_local: { type: 'int', default: 0, doc: '1: skip a first Path hop that is this server.' },
    gruu_enabled: { type: 'int', default: 1, doc: '1: show GRUUs to who supports them (RFC 5627).' },
    contact_max_size: { type: 'int', default: 512, min: 1, doc: 'Longest contact URI, bytes.' },
    xavp_cfg: {
      type: 'str',
      default: '',
      doc: 'XAVP that sets max_contacts, expires, q, socket and matches for one call.',
    },
    xavp_rcd: {
      type: 'str',
      default: '',
      doc: 'XAVP that shows the contacts used: ruid, received, contact, expires, path.',
    },
    xavp_rcd_mask: {
      type: 'int',
      default: 0,
      doc: 'Left out of it: 1 ruid, 2 contact, 4 expires, 8 received, 16 path.',
    },
    sock_mode: { type: 'int', default: 0, doc: '1: contacts show the advertised address of their socket.' },
    sock_flag: {
      type: 'int',
      default: -1,
      max: 31,
      doc: 'Message flag: take the socket from a header field or xavp_cfg.',
    },
    sock_hdr_name: { type: 'str', default: '', doc: 'That header field.' },
    outbound_mode: { type: 'int', default: 0, doc: 'Outbound (RFC 5626): 0 refused, 1 supported, 2 required.' },
    regid_mode: { type: 'int', default: 0, doc: 'reg-id counts 0 with outbound only, 1 always.' },
    flow_timer: { type: 'int', default: 0, doc: 'Seconds of Flow-Timer in answers; 0: none.' },
    lookup_filter_mode: {
      type: 'int',
      default: 0,
      doc: 'lookup() uses contacts 1 with flags of xavp_cfg, 2 with a connection.',
    },
    event_callback: scriptCallback('event_route[usrloc:contact-expired]'),
    use_expired_contacts: { type: 'int', default: 0, live: true, doc: '1: expired contacts count.' },
  },
  stats: {
    max_expires: { doc: 'Value of the parameter.' },
    max_contacts: { doc: 'Value of the parameter.' },
    default_expire: { doc: 'Value of the parameter default_expires.' },
    default_expires_range: { doc: 'Value of the parameter.' },
    expires_range: { doc: 'Value of the parameter.' },
    accepted_regs: { doc: 'REGISTER requests accepted.' },
    rejected_regs: { doc: 'REGISTER requests refused.' },
  },
  state: (): State => ({ profiles: new Profiles() }),
  start(me, server) {
    const { params, stats } = me;
    if (params.outbound_mode < 0 || params.outbound_mode > 2)
      throw new StartError(
        'SIPC8075',
        `registrar: outbound_mode ${params.outbound_mode} does not exist; use 0, 1 or 2`,
      );
    if (params.regid_mode < 0 || params.regid_mode > 1)
      throw new StartError('SIPC8076', `registrar: regid_mode ${params.regid_mode} does not exist; use 0 or 1`);
    if (params.flow_timer < 0 || params.flow_timer > 999 || (params.flow_timer > 0 && params.outbound_mode === 0))
      throw new StartError('SIPC8077', 'registrar: flow_timer is 0 to 999 seconds, and needs outbound_mode 1 or 2');
    stats.max_expires.value = params.max_expires;
    stats.max_contacts.value = params.max_contacts;
    stats.default_expire.value = params.default_expires;
    const usrloc = me.uses.get<UsrlocApi>('usrloc');
    usrloc.setCaseSensitive(params.case_sensitive !== 0);
    usrloc.location.domain('location');
    if (server.script.hasEvent(EXPIRED_EVENT)) {
      usrloc.location.listeners.push((event, contact, domain) => {
        if (event === 'expire') runExpired(me, server, contact, domain.name);
      });
    }
  },
  functions: {
    save: {
      doc: 'Takes the contacts of a REGISTER into a table and answers it.',
      args: [
        table,
        opt(int('flags', '1 memory only, 2 no answer, 4 replace, 8 no variation, 16 prepare the answer')),
        opt(varStr('uri', 'address-of-record; default To')),
      ],
      routes: ['request', 'failure', 'reply'],
      constArgs: true,
      returns: {
        1: 'added (or nothing to change)',
        2: 'refreshed',
        3: 'removed',
        4: 'only listed',
        [-1]: 'refused',
        [-2]: 'too many contacts',
      },
      async: 'maybe',
      example: 'if (!save("location")) { sl_reply_error(); }',
      run: (me, ctx, name, flags, uri) => {
        if (uri === '') return -1;
        const bits = flags ?? 0;
        if (bits < 0 || bits > MAX_SAVE_FLAGS) return -1;
        return save(environment(me), me.stats, ctx, domainOf(me, name), bits, uri);
      },
    },
    lookup: {
      doc: 'Replaces the Request-URI with the first contact, the others become branches.',
      args: [table, ofUri],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: { 1: 'found', [-1]: 'not found', [-2]: 'no contact takes this method', [-3]: 'error' },
      async: 'maybe',
      example: 'if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }',
      run: (me, ctx, name, uri) =>
        uri === ''
          ? -1
          : found(me, ctx, name, [uri ?? ctx.uri], (env, domain) => lookup(env, ctx, domain, uri ?? ctx.uri, true)),
    },
    lookup_to_dset: {
      doc: 'Adds all contacts as branches and leaves the Request-URI.',
      args: [table, ofUri],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: { 1: 'found', [-1]: 'not found', [-2]: 'no contact takes this method', [-3]: 'error' },
      async: 'maybe',
      example: 'lookup_to_dset("location", "sip:team@example.com");',
      run: (me, ctx, name, uri) =>
        uri === ''
          ? -1
          : found(me, ctx, name, [uri ?? ctx.uri], (env, domain) => lookup(env, ctx, domain, uri ?? ctx.uri, false)),
    },
    lookup_branches: {
      doc: 'Looks up the Request-URI and every plain branch.',
      args: [table],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: { 1: 'one was found', [-1]: 'none', [-2]: 'no contact takes this method', [-3]: 'error' },
      async: 'maybe',
      example: 'lookup_branches("location");',
      run: (me, ctx, name) => {
        const uris = [ctx.uri, ...ctx.draft.branches.map((branch) => branch.uri)];
        return found(me, ctx, name, uris, (env, domain) => lookupBranches(env, ctx, domain));
      },
    },
    registered: {
      doc: 'Is the address registered? Changes nothing.',
      args: [
        table,
        ofUri,
        opt(varInt('match', 'bits: 1 Call-ID, 2 received, 4 contact as xavp_cfg has them')),
        opt(varInt('action', 'bits: 1 give back the XAVP of the contact, 2 nothing into xavp_rcd')),
      ],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'it is', [-1]: 'it is not' },
      async: 'maybe',
      example: 'if (registered("location")) { xlog("known\\n"); }',
      run(me, ctx, name, uri, match, action) {
        if (uri === '') return -1;
        const asked = uri ?? subject(ctx);
        return found(
          me,
          ctx,
          name,
          [asked],
          (env, domain) => (registered(env, ctx, domain, asked, match ?? 0, action ?? 0) ? 1 : -1),
          -1,
        );
      },
    },
    unregister: {
      doc: 'Removes all contacts of an address, or the one with this record id.',
      args: [table, varStr('uri', 'address-of-record'), opt(varStr('ruid', 'record id'))],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'removed', [-1]: 'bad address', [-2]: 'not removed', [-3]: 'no such contact' },
      async: 'maybe',
      example: 'unregister("location", "$ru");',
      run(me, ctx, name, uri, ruid) {
        const env = environment(me);
        if (ruid === '' || (uri === '' && ruid === undefined)) return -1;
        if (uri === '') {
          ctx.log(-1, 'a contact is found by its record id alone with db_mode 3 only', 'registrar');
          return -2;
        }
        const extracted = extractAor(uri, ctx.grammar, aorRules(env));
        if (isError(extracted)) {
          ctx.log(-1, 'failed to extract Address Of Record', 'registrar');
          return -1;
        }
        const domain = domainOf(me, name);
        const remove = (): Verdict => {
          if (ruid === undefined) {
            domain.delete(extracted.aor);
            return 1;
          }
          const found = domain.byRuid(env.usrloc.aorHash(extracted.aor), ruid);
          if (found === null) {
            ctx.log(0, 'AOR/Contact not found', 'registrar');
            return -3;
          }
          domain.remove(found.record, found.contact);
          domain.release(found.record);
          return 1;
        };
        return onRecord(env, ctx, domain, uri, remove, -2);
      },
    },
    add_sock_hdr: {
      doc: 'Adds a header field with the socket the request came in on.',
      args: [varStr('header', 'name of the header field')],
      routes: ['request'],
      returns: { 1: 'added', [-1]: 'no name' },
      example: 'add_sock_hdr("Sock-Hdr");',
      run(_me, ctx, header) {
        if (header === '') return -1;
        ctx.draft.edits.insertBefore(ctx.msg.headersEnd, `${header}: ${ctx.msg.received.socket.sockStr}\r\n`);
        return 1;
      },
    },
    reg_send_reply: {
      doc: 'Sends what save() with flag 2 or 16 left unsent.',
      args: [],
      routes: ['request', 'failure'],
      returns: { 1: 'sent', [-1]: 'not sent' },
      example: 'reg_send_reply();',
      run: (me, ctx) => (answer(environment(me), ctx) < 0 ? -1 : 1),
    },
    reg_fetch_contacts: {
      doc: 'Copies the contacts of an address, to be read as $ulc(profile=>…).',
      args: [table, varStr('uri', 'address-of-record'), str('profile', 'name of the copy')],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: { 1: 'copied', [-1]: 'bad address, or not there' },
      async: 'maybe',
      example: 'if (reg_fetch_contacts("location", "$ru", "callee")) xlog("$(ulc(callee=>count))\\n");',
      run(me, ctx, name, uri, profile) {
        if (uri === '') return -1;
        const env = environment(me);
        me.state.profiles.free(ctx, profile);
        const extracted = extractAor(uri, ctx.grammar, aorRules(env));
        if (isError(extracted)) {
          ctx.log(-1, 'failed to extract Address Of Record', 'registrar');
          return -1;
        }
        const copyAll = (_env: Replies, domain: Domain): Verdict => {
          const contacts = domain.get(extracted.aor)?.contacts;
          if (contacts === undefined) return -1;
          const copy = { aor: extracted.aor, domain: name, aorHash: 0, contacts: contacts.map(frozen) };
          return me.state.profiles.set(ctx, profile, copy) ? 1 : -1;
        };
        return found(me, ctx, name, [uri], copyAll, -1);
      },
    },
    lookup_xavp: {
      doc: 'Puts the contacts of an address into XAVPs: uri, socket, dsturi each; aor and count of all.',
      args: [
        varStr('table', 'location table'),
        varStr('uri', 'address-of-record'),
        varStr('record', 'XAVP for aor and count'),
        varStr('contacts', 'XAVP for the contacts, first one first'),
      ],
      routes: ['any'],
      returns: { 1: 'found', [-1]: 'bad address, or not there' },
      async: 'maybe',
      example: 'if (lookup_xavp("location", "$fu", "rul", "cul")) xlog("$xavp(rul=>count) $xavp(cul=>uri)\\n");',
      run: (me, ctx, name, uri, record, contacts) =>
        found(me, ctx, name, [uri], (env, domain) => lookupXavp(env, ctx, domain, uri, record, contacts), -1),
    },
    reg_from_user: {
      doc: 'Does the message come from the address of one of the contacts (`received`, else the contact)?',
      args: [
        varStr('table', 'location table'),
        varStr('uri', 'address-of-record'),
        varInt('mode', 'bits: 1 the port has to agree, 2 the transport'),
      ],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      async: 'maybe',
      example: 'if (reg_from_user("location", "$fu", "0")) xlog("known phone\\n");',
      run: (me, ctx, name, uri, mode) =>
        found(me, ctx, name, [uri], (env, domain) => (isFromUser(env, ctx, domain, uri, mode) ? 1 : -1), -1),
    },
    reg_free_contacts: {
      doc: 'Forgets a copy.',
      args: [str('profile', 'name of the copy')],
      routes: ['request', 'failure'],
      returns: { 1: 'done' },
      example: 'reg_free_contacts("callee");',
      run(me, ctx, profile) {
        me.state.profiles.free(ctx, profile);
        return 1;
      },
    },
  },
  pvs: {
    ulc: {
      doc: `Contacts copied by reg_fetch_contacts(): \`$(ulc(profile=>attribute)[index])\`; attributes: ${attributeNames.join(', ')}.`,
      type: 'any',
      key: { use: 'req' },
      index: true,
      get: (me, ctx, key, index) => readProfile(me.state.profiles, ctx, key, index),
      set: () => true,
    },
  },
  rpc: {},
  eventRoutes: {
    [EXPIRED_EVENT]: { doc: 'A contact ran out; it is `$ulc(exp=>…)`.' },
  },
  missing: [],
});

/** Before the contact is taken out of the table. */
function runExpired(me: Me, server: ServerApi, contact: Contact, domain: string): void {
  const copy = { aor: contact.aor, domain, aorHash: 0, contacts: [frozen(contact)] };
  const { msg } = server.detachedRun();
  void server.script.runEvent(EXPIRED_EVENT, msg, (run) => {
    me.state.profiles.set(run, EXPIRED_PROFILE, copy);
  });
}
