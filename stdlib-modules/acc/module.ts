/**
 * acc: accounting of transactions, into the log and into a database. Which ones is decided by message flags; the work is
 * done in accounting.ts. Call detail records (`cdr_*`) are made from dialogs, in cdr.ts.
 */
import {
  type Database,
  defineModule,
  type Format,
  type LogLevel,
  type Maybe,
  type RouteContext,
  type ServerApi,
  StartError,
  type Uses,
  type Verdict,
  varStr,
} from '../../runtime/sdk/index.js';
import { Accounting, type Settings } from './accounting.js';
import { CallRecords, type DialogApi } from './cdr.js';
import { InTurn } from './in-turn.js';
import { type Extra, MAX_TIME_MODE, parseLegs, splitComment } from './record.js';

interface Params {
  readonly log_flag: number;
  readonly log_missed_flag: number;
  readonly db_flag: number;
  readonly db_missed_flag: number;
  readonly failed_transaction_flag: number;
  readonly failed_filter: string;
  readonly log_level: number;
  readonly log_extra: Extra | undefined;
  readonly db_extra: Extra | undefined;
  readonly multi_leg_info: string;
  readonly acc_extra_nullable: number;
  readonly acc_extra_size: number;
  readonly report_ack: number;
  readonly report_cancels: number;
  readonly early_media: number;
  readonly detect_direction: number;
  readonly acc_prepare_flag: number;
  readonly acc_prepare_always: number;
  readonly reason_from_hf: number;
  readonly time_mode: number;
  readonly time_attr: string;
  readonly time_exten: string;
  readonly time_format: string;
  readonly db_url: string;
  readonly db_insert_mode: number;
  readonly db_table_acc: Format<RouteContext> | undefined;
  readonly db_table_missed_calls: Format<RouteContext> | undefined;
  readonly acc_method_column: string;
  readonly acc_from_tag_column: string;
  readonly acc_to_tag_column: string;
  readonly acc_callid_column: string;
  readonly acc_sip_code_column: string;
  readonly acc_sip_reason_column: string;
  readonly acc_time_column: string;
  readonly cdr_enable: number;
  readonly cdr_skip: string;
  readonly cdr_log_enable: number;
  readonly cdr_start_on_confirmed: number;
  readonly cdr_extra: Extra | undefined;
  readonly cdr_extra_nullable: number;
  readonly cdr_extra_size: number;
  readonly cdr_start_id: string;
  readonly cdr_end_id: string;
  readonly cdr_duration_id: string;
  readonly cdr_duration_mode: number;
  readonly cdr_expired_dlg_enable: number;
  readonly cdr_on_failed: number;
  readonly cdrs_table: string;
}
interface Me {
  readonly params: Params;
  readonly uses: Uses;
  readonly state: { accounting: Accounting | null };
}

/** Most AVPs of `multi_leg_info`. */
const MAX_LEG_INFO = 16;

function settingsOf(p: Params): Settings {
  const legs = p.multi_leg_info === '' ? [] : parseLegs(p.multi_leg_info);
  if (legs === null || legs.length > MAX_LEG_INFO)
    throw new StartError('SIPC8078', `acc: multi_leg_info is name=$avp(x);name=$avp(y), at most ${MAX_LEG_INFO}`);
  for (const extra of [p.log_extra ?? [], p.db_extra ?? []])
    if (extra.length > p.acc_extra_size)
      throw new StartError('SIPC8079', `acc: more than acc_extra_size (${p.acc_extra_size}) extra fields; raise it`);
  return {
    logFlag: p.log_flag,
    logMissedFlag: p.log_missed_flag,
    dbFlag: p.db_flag,
    dbMissedFlag: p.db_missed_flag,
    failedFlag: p.failed_transaction_flag,
    failedFilter: new Set(p.failed_filter.split(/[,;]/).map(Number)),
    prepareFlag: p.acc_prepare_flag,
    prepareAlways: p.acc_prepare_always !== 0,
    reportAck: p.report_ack !== 0,
    reportCancels: p.report_cancels !== 0,
    earlyMedia: p.early_media !== 0,
    detectDirection: p.detect_direction !== 0,
    reasonFromHeader: p.reason_from_hf !== 0,
    logLevel: p.log_level,
    logExtra: p.log_extra ?? [],
    dbExtra: p.db_extra ?? [],
    legs,
    nullable: p.acc_extra_nullable === 1,
    delayed: p.db_insert_mode === 1 || p.db_insert_mode === 2,
    time: { mode: p.time_mode, attribute: p.time_attr, extension: p.time_exten, format: p.time_format },
    columns: {
      method: p.acc_method_column,
      fromTag: p.acc_from_tag_column,
      toTag: p.acc_to_tag_column,
      callId: p.acc_callid_column,
      code: p.acc_sip_code_column,
      reason: p.acc_sip_reason_column,
      time: p.acc_time_column,
    },
    accTable: (ctx) => p.db_table_acc?.(ctx) ?? 'acc',
    missedTable: (ctx) => p.db_table_missed_calls?.(ctx) ?? 'missed_calls',
  };
}
/** Call detail records, from the dialogs. */
function recordsOf(me: Me, server: ServerApi, db: Database | null, turns: InTurn): CallRecords {
  const { params: p } = me;
  const dialogs = me.uses.find<DialogApi>('dialog');
  if (dialogs === null) throw new StartError('SIPC8129', 'acc: cdr_enable needs the dialog module; load it before acc');
  if (p.cdr_start_id === '' || p.cdr_end_id === '' || p.cdr_duration_id === '')
    throw new StartError('SIPC8130', 'acc: cdr_start_id, cdr_end_id and cdr_duration_id need a name');
  const extra = p.cdr_extra ?? [];
  if (extra.length > p.cdr_extra_size)
    throw new StartError(
      'SIPC8131',
      `acc: more than cdr_extra_size (${p.cdr_extra_size}) fields in cdr_extra; raise it`,
    );
  return new CallRecords(
    {
      logged: p.cdr_log_enable !== 0,
      level: Math.max(-5, Math.min(3, p.log_level)) as LogLevel,
      startsConfirmed: p.cdr_start_on_confirmed !== 0,
      expiredToo: p.cdr_expired_dlg_enable !== 0,
      failedToo: p.cdr_on_failed === 1,
      skip: p.cdr_skip,
      start: p.cdr_start_id,
      end: p.cdr_end_id,
      duration: p.cdr_duration_id,
      precision: p.cdr_duration_mode,
      extra,
      nullable: p.cdr_extra_nullable === 1,
      table: p.cdrs_table,
      delayed: p.db_insert_mode === 1 || p.db_insert_mode === 2,
      utcWords: p.time_mode === 4,
    },
    server,
    dialogs,
    db,
    turns,
  );
}
function accountingOf(me: Me): Accounting {
  if (me.state.accounting === null) throw new TypeError('acc is used before it was started');
  return me.state.accounting;
}

const column = (name: string) => ({ type: 'str', default: name, doc: 'Database column.' }) as const;
const messageFlag = (doc: string) => ({ type: 'int', default: -1, max: 31, doc }) as const;

export default defineModule({
  name: 'acc',
  doc: 'Accounting of transactions into the log and a database.',
  uses: ['tm', 'rr?', 'dialog?'],
  params: {
    log_flag: messageFlag('Message flag: account the transaction.'),
    log_missed_flag: messageFlag('Message flag: report the call when it is missed.'),
    failed_transaction_flag: messageFlag('Message flag: account it although it fails.'),
    failed_filter: { type: 'str', default: '', doc: 'Codes, comma-separated, that are not accounted all the same.' },
    log_level: { type: 'int', default: 1, min: -5, max: 3, doc: 'Level of the lines.' },
    log_facility: { type: 'str', default: 'LOG_DAEMON', doc: 'Syslog facility of the lines.' },
    log_extra: { type: 'extra', doc: 'More fields: `name=$pv;name=$pv`.' },
    multi_leg_info: {
      type: 'str',
      default: '',
      doc: 'AVPs with a value for each leg of the call: `name=$avp(x);name=$avp(y)`.',
    },
    acc_extra_nullable: { type: 'int', default: 0, doc: '1: extra fields without value are NULL in the database.' },
    acc_extra_size: { type: 'int', default: 64, min: 0, doc: 'Most extra fields.' },
    clone_msg: { type: 'int', default: 1, doc: 'No meaning here: records are made of the message as it is.' },
    db_flag: messageFlag('Message flag: account the transaction in the database.'),
    db_missed_flag: messageFlag('Message flag: write the call into the database when it is missed.'),
    db_extra: { type: 'extra', doc: 'More columns: `name=$pv;name=$pv`.' },
    db_url: { type: 'str', default: '', doc: 'Database; without one nothing is written there.' },
    db_version_check: {
      type: 'int',
      default: 1,
      noEffect: true,
      doc: 'Accepted: tables are used as they are, whatever their version.',
    },
    db_table_acc: { type: 'format', doc: 'Table of transactions; default acc.' },
    db_table_missed_calls: { type: 'format', doc: 'Table of missed calls; default missed_calls.' },
    db_insert_mode: { type: 'int', default: 0, doc: '1, 2: the database may write rows later.' },
    acc_method_column: column('method'),
    acc_from_tag_column: column('from_tag'),
    acc_to_tag_column: column('to_tag'),
    acc_callid_column: column('callid'),
    acc_sip_code_column: column('sip_code'),
    acc_sip_reason_column: column('sip_reason'),
    acc_time_column: column('time'),
    cdr_enable: { type: 'int', default: 0, min: 0, max: 1, doc: '1: a record for each call; needs the dialog module.' },
    cdr_skip: { type: 'str', default: '', doc: 'Variable of the dialog that says: no record of this call.' },
    cdr_log_enable: { type: 'int', default: 1, doc: '0: no line in the log for them.' },
    cdr_start_on_confirmed: { type: 'int', default: 0, doc: '1: a call begins with its ACK, not with its INVITE.' },
    cdr_facility: { type: 'str', default: 'LOG_DAEMON', doc: 'Syslog facility of the lines.' },
    cdr_extra: { type: 'extra', doc: 'More fields: `name=$pv;name=$pv`, read when the call ends.' },
    cdr_extra_nullable: {
      type: 'int',
      default: 0,
      min: 0,
      max: 1,
      doc: '1: those without value are NULL in the database.',
    },
    cdr_extra_size: { type: 'int', default: 64, min: 0, doc: 'Most of them.' },
    cdr_start_id: { type: 'str', default: 'start_time', doc: 'Name of the field, and of the variable of the dialog.' },
    cdr_end_id: { type: 'str', default: 'end_time', doc: 'Name of the field, and of the variable of the dialog.' },
    cdr_duration_mode: {
      type: 'int',
      default: 1,
      min: 0,
      max: 2,
      doc: 'Times of call records: 0 whole seconds, 1 with milliseconds, 2 with microseconds.',
    },
    cdr_duration_id: { type: 'str', default: 'duration', doc: 'Name of the field, and of the variable of the dialog.' },
    cdr_expired_dlg_enable: {
      type: 'int',
      default: 0,
      min: 0,
      max: 1,
      doc: '1: also of calls that the server ended, or that were forgotten; with variables of the dialog only.',
    },
    cdr_on_failed: { type: 'int', default: 1, doc: '0: no record of calls that were not answered.' },
    cdrs_table: { type: 'str', default: '', doc: 'Table of the records; none is written without a name.' },
    report_ack: { type: 'int', default: 0, doc: '1: account the ACK to a 2xx too.' },
    report_cancels: { type: 'int', default: 0, doc: '1: account CANCELs too.' },
    early_media: { type: 'int', default: 0, doc: '1: account provisional responses with a body too.' },
    detect_direction: {
      type: 'int',
      default: 0,
      doc: '1: swap From and To of requests from the called side (needs rr).',
    },
    acc_prepare_flag: messageFlag(
      'Message flag: be ready to account, whatever the others say when the transaction starts.',
    ),
    acc_prepare_always: { type: 'int', default: 0, doc: '1: as if that flag were always set.' },
    reason_from_hf: { type: 'int', default: 0, doc: '1: the reason is the Reason header field when there is one.' },
    time_mode: {
      type: 'int',
      default: 0,
      doc: 'Time besides seconds: 1 microseconds, 2 with milliseconds, 3 local, 4 UTC in words.',
    },
    time_format: { type: 'str', default: '%Y-%m-%d %H:%M:%S', doc: 'strftime() format for time_mode 3 and 4.' },
    time_attr: {
      type: 'str',
      default: 'time_attr',
      doc: 'Field name for time_mode 2, 3 and 4 (and 1 in the database).',
    },
    time_exten: { type: 'str', default: 'time_exten', doc: 'Field name for time_mode 1.' },
  },
  stats: {},
  state: () => ({ accounting: null as Accounting | null }),
  async start(me, server) {
    const { time_mode, detect_direction, db_url } = me.params;
    if (time_mode < 0 || time_mode > MAX_TIME_MODE)
      throw new StartError('SIPC8025', `acc: time_mode ${time_mode} does not exist; use 0 to ${MAX_TIME_MODE}`);
    if (detect_direction !== 0 && me.uses.find('rr') === null)
      throw new StartError('SIPC8026', 'acc: detect_direction needs the rr module; load it before acc');
    const settings = settingsOf(me.params);
    const turns = new InTurn();
    const db: Database | null = db_url === '' ? null : await server.databases.open(db_url, 'acc');
    me.state.accounting = new Accounting(settings, server, me.uses, db, turns);
    me.state.accounting.watch();
    if (me.params.cdr_enable !== 0) recordsOf(me, server, db, turns).watch();
  },
  functions: {
    acc_log_request: {
      doc: 'Writes a record of the current request into the log; the comment may start with a code.',
      args: [varStr('comment')],
      routes: ['any'],
      returns: { 1: 'written', [-1]: 'the request lacks a field' },
      example: 'acc_log_request("404 Nobody there");',
      async: 'maybe',
      run: (me, ctx, comment) => accountingOf(me).logNow(ctx, splitComment(comment)),
    },
    acc_db_request: {
      doc: 'Writes a record of the current request into a table.',
      args: [varStr('comment'), varStr('table')],
      routes: ['any'],
      returns: { 1: 'written', [-1]: 'no db_url, the request lacks a field, or the database refused it' },
      example: 'acc_db_request("404 Nobody there", "acc");',
      async: 'always',
      run: (me, ctx, comment, table) => accountingOf(me).insertNow(ctx, splitComment(comment), table),
    },
    acc_request: {
      doc: 'Writes a record of the current request into the log and, where there is a database, into a table.',
      args: [varStr('comment'), varStr('table')],
      routes: ['any'],
      returns: { 1: 'written', [-1]: 'the request lacks a field, or the database refused it' },
      example: 'acc_request("404 Nobody there", "acc");',
      async: 'maybe',
      run(me, ctx, comment, table) {
        const accounting = accountingOf(me);
        const parts = splitComment(comment);
        const goOn = (logged: Verdict): Maybe<Verdict> =>
          logged < 0 || accounting.db === null ? logged : accounting.insertNow(ctx, parts, table);
        const logged = accounting.logNow(ctx, parts);
        return logged instanceof Promise ? logged.then(goOn) : goOn(logged);
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
