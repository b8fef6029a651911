/** msilo: MESSAGE requests are kept in a database for who is not there, and sent when they register. */
import {
  defineModule,
  type Format,
  opt,
  type PvRef,
  parseUri,
  type RouteContext,
  StartError,
  type Verdict,
  varStr,
} from '../../runtime/sdk/index.js';
import { Silo } from './silo.js';
import { furtherHeaders, readTime, storedType, takesMessages } from './text.js';

const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const number = (initial: number, doc: string) => ({ type: 'int', default: initial, min: 0, doc }) as const;
const owner = opt(varStr('owner', 'URI of who it is for'));

interface Notice {
  readonly from_address: Format<RouteContext> | undefined;
  readonly contact_hdr: Format<RouteContext> | undefined;
  readonly content_type_hdr: Format<RouteContext> | undefined;
  readonly offline_message: Format<RouteContext> | undefined;
  readonly outbound_proxy: string;
  readonly use_contact: number;
  readonly skip_notification_flag: number;
}

const fail = (ctx: RouteContext, text: string): Verdict => {
  ctx.log(-1, text, 'msilo');
  return -1;
};

/** Tells the sender that the message was kept. */
async function notify(params: Notice, ctx: RouteContext): Promise<void> {
  const { msg, draft, server } = ctx;
  const { skip_notification_flag: flag } = params;
  if (params.from_address === undefined || params.offline_message === undefined) return;
  if (flag >= 0 && (draft.flags & (1 << flag)) !== 0) return;
  const from = params.from_address(ctx);
  const body = params.offline_message(ctx);
  const type = params.content_type_hdr?.(ctx) ?? '';
  const sender = msg.from?.uriText ?? '';
  if (from === '' || body === '' || type === '' || sender === '') {
    ctx.log(0, 'cannot get notification From address, body or content type', 'msilo');
    return;
  }
  const first = params.use_contact !== 0 ? msg.contact?.uriText : undefined;
  await server.transactions.request({
    method: 'MESSAGE',
    uri: first?.startsWith('sip:') && first.length >= 6 && first[4] !== ' ' ? first : sender,
    ...(params.outbound_proxy === '' ? {} : { nextHop: params.outbound_proxy }),
    to: sender,
    from,
    headers: `${params.contact_hdr?.(ctx) ?? ''}${type}`,
    body,
  });
}

interface Me {
  readonly params: Notice & {
    readonly extra_hdrs_avp: PvRef<RouteContext> | undefined;
    readonly snd_time_avp: PvRef<RouteContext> | undefined;
    readonly max_messages: number;
    readonly expire_time: number;
  };
  readonly state: { readonly silo: Silo | null };
}
/** Empty texts: the Request-URI, From and To. */
async function store(
  me: Me,
  ctx: RouteContext,
  ownerText: string | undefined,
  fromText: string,
  toText: string,
): Promise<Verdict> {
  const { msg, server } = ctx;
  const { silo } = me.state;
  const { params } = me;
  const length = msg.contentLength;
  if (length === null || length <= 0) return fail(ctx, 'the message has no body, or no Content-Length');
  const uri = parseUri(ownerText || ctx.uri, ctx.grammar);
  if (uri === null || !uri.user) return fail(ctx, 'no user to keep a message for');
  const to = toText || msg.to?.uriText;
  const from = fromText || msg.from?.uriText;
  const contentType = storedType(msg.contentType ?? '');
  if (silo === null || to === undefined || from === undefined) return fail(ctx, 'no To or From');
  if (contentType === null) return fail(ctx, 'cannot parse Content-Type header');
  const instead = params.extra_hdrs_avp?.get(ctx);
  const headers = typeof instead === 'string' ? instead : furtherHeaders(msg);
  if (headers === null) return fail(ctx, 'insufficient space to store headers in silo');
  const kept = { user: uri.user, host: uri.host };
  const asked = msg.expires ?? 0;
  const at = params.snd_time_avp?.get(ctx);
  try {
    if (params.max_messages > 0 && (await silo.count(kept)) >= params.max_messages)
      return fail(ctx, `too many messages for AoR '${uri.user}@${uri.host}'`);
    await silo.store({
      owner: kept,
      to,
      from,
      body: msg.body.slice(0, length),
      contentType,
      expiresSec: asked > 0 ? Math.min(params.expire_time, asked) : params.expire_time,
      nowSec: Math.floor(server.env.clock.now() / 1000),
      sendSec: typeof at === 'string' ? readTime(at) : 0,
      headers,
      callId: msg.callId ?? '',
    });
  } catch {
    return fail(ctx, 'failed to store message');
  }
  await notify(params, ctx);
  return 1;
}

export default defineModule({
  name: 'msilo',
  doc: 'Messages for users who are not there, kept in a database.',
  uses: ['tm'],
  params: {
    db_url: column('mysql://kamailio:kamailiorw@localhost/kamailio', 'Where messages are kept.'),
    db_table: column('silo', 'Their table.'),
    from_address: { type: 'format', doc: 'Sender of the note that a message was kept; without it there is none.' },
    contact_hdr: { type: 'format', doc: 'Contact line of the note, with its line end.' },
    extra_hdrs: { type: 'format', doc: 'Lines added to messages that are sent later.' },
    content_type_hdr: { type: 'format', doc: 'Content-Type line of the note, with its line end.' },
    offline_message: { type: 'format', doc: 'Text of the note.' },
    reminder: column('', 'Sender of messages that have a time of their own.'),
    outbound_proxy: column('', 'Where all messages are sent to.'),
    expire_time: number(259_200, 'Seconds a message is kept.'),
    check_time: number(60, 'Seconds between two looks for messages that arrived.'),
    send_time: number(0, 'Seconds between two looks for messages whose time has come; 0: none.'),
    clean_period: number(10, 'Every how many looks old messages are removed.'),
    use_contact: { type: 'int', default: 1, doc: '1: the note goes to the Contact of the message.' },
    sc_mid: column('id', 'Column of the number.'),
    sc_from: column('src_addr', 'Column of the sender.'),
    sc_to: column('dst_addr', 'Column of the receiver.'),
    sc_uri_user: column('username', 'Column of the owner.'),
    sc_uri_host: column('domain', 'Column of the owner’s domain.'),
    sc_body: column('body', 'Column of the text.'),
    sc_ctype: column('ctype', 'Column of its type.'),
    sc_exp_time: column('exp_time', 'Column of when it is too old.'),
    sc_inc_time: column('inc_time', 'Column of when it came.'),
    sc_snd_time: column('snd_time', 'Column of when it is to be sent; 0: when the owner is there.'),
    sc_stored_hdrs: column('extra_hdrs', 'Column of further header fields.'),
    sc_callid: column('callid', 'Column of the Call-ID, with use_mode 1.'),
    sc_status: { type: 'str', default: 'status', noEffect: true, doc: 'Accepted; Kamailio does not use it either.' },
    use_mode: number(0, '1: a message is sent with the Call-ID it came with.'),
    snd_time_avp: { type: 'avp', doc: 'AVP with the time to send a message: YYYYMMDDHHMMSS, local time.' },
    extra_hdrs_avp: { type: 'avp', doc: 'AVP with the header fields to store, in place of those of the message.' },
    add_date: { type: 'int', default: 1, doc: '1: texts begin with when they came.' },
    add_contact: { type: 'int', default: 0, doc: '1: messages get the sender as Contact.' },
    max_messages: number(0, 'Messages kept for a user; 0: any number.'),
    skip_notification_flag: { type: 'int', default: -1, min: -1, max: 31, doc: 'Message flag: no note.' },
  },
  stats: {
    stored_messages: { doc: 'Messages kept.' },
    dumped_messages: { doc: 'Kept messages that arrived.' },
    failed_messages: { doc: 'Kept messages that did not.' },
    dumped_reminders: { doc: 'Messages with a time of their own that arrived.' },
    failed_reminders: { doc: 'Those that did not.' },
  },
  state: (_init, params) => {
    if (params.offline_message !== undefined && params.content_type_hdr === undefined)
      throw new StartError('SIPC8023', 'msilo: offline_message needs content_type_hdr');
    return { silo: null as Silo | null };
  },
  async start(me, server) {
    const db = await server.databases.open(me.params.db_url, 'msilo');
    me.state.silo = new Silo(db, me.params, me.stats, server);
    me.state.silo.start();
  },
  stop(me) {
    me.state.silo?.stop();
  },
  functions: {
    m_store: {
      doc: 'Keeps the message for the user of the Request-URI, or of a URI.',
      args: [owner],
      routes: ['request', 'failure'],
      async: 'always',
      returns: { 1: 'kept', [-1]: 'no body, no user, too many messages, or the database failed' },
      example: 'if (m_store("$tu")) { sl_send_reply("202", "Accepted"); exit; }',
      run: (me, ctx, ownerText) => store(me, ctx, ownerText, '', ''),
    },
    m_store_addrs: {
      doc: 'As m_store(), with the URIs of sender and receiver in place of those of From and To.',
      args: [varStr('owner', "URI of who it is for; '': of the Request-URI"), varStr('from'), varStr('to')],
      routes: ['request', 'failure'],
      async: 'always',
      returns: { 1: 'kept', [-1]: 'no body, no user, too many messages, or the database failed' },
      example: 'm_store_addrs("sip:$rU@a.com", "sip:$fU@a.com", "sip:$tU@a.com");',
      run: (me, ctx, ownerText, from, to) => store(me, ctx, ownerText, from, to),
    },
    m_dump: {
      doc: 'Sends what was kept for the user of To, or of a URI; for a REGISTER that binds nothing, or nothing that takes MESSAGE, it does not.',
      args: [owner],
      routes: ['request'],
      async: 'always',
      returns: { 1: 'sent, or there is nothing', [-1]: 'no user, nobody who takes messages, or the database failed' },
      example: 'm_dump("sip:alice@example.com");',
      async run(me, ctx, ownerText) {
        const { msg } = ctx;
        const { silo } = me.state;
        if (msg.method === 'REGISTER' && !takesMessages(msg)) return -1;
        const uri = parseUri(ownerText ?? msg.to?.uriText ?? '', ctx.grammar);
        if (silo === null || uri === null || !uri.user || uri.host === '') return fail(ctx, 'bad owner URI');
        try {
          const kept = { user: uri.user, host: uri.host };
          return (await silo.dump(kept, me.params.extra_hdrs?.(ctx) ?? '')) ? 1 : -1;
        } catch {
          return fail(ctx, 'failed to query database');
        }
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
