/** Parameters of the module, as Kamailio 5.6 names them. */
import { StartError, scriptCallback } from '../../runtime/sdk/index.js';
import { type ColumnName, columnNames } from './persistence.js';

const column = (name: string) => ({ type: 'str', default: name, doc: 'Database column.' }) as const;
const onOff = (doc: string, value = 0) => ({ type: 'int', default: value, min: 0, max: 1, doc }) as const;
const number = (doc: string, value = 0) => ({ type: 'int', default: value, doc }) as const;
const text = (doc: string, value = '') => ({ type: 'str', default: value, doc }) as const;

export const params = {
  enable_stats: number('0: no statistics, and $DLG_count is 0.', 1),
  hash_size: number('Slots of the table, a power of two; part of what `did` and the database hold.', 4096),
  enable_dmq: onOff('1: calls of other nodes of the cluster are known here, and ours there (dmq).'),
  enable_dmq_ka_iflags_sync: onOff('1: which sides get keepalives is told as well, and every node sends them.'),
  dmq_peer_id: text('Channel of the cluster.', 'dialog'),
  rr_param: text('Record-Route parameter that names the dialog.', 'did'),
  dlg_flag: { type: 'int', default: -1, max: 31, doc: 'Message flag: follow the call when its transaction is made.' },
  timeout_avp: { type: 'avp', doc: 'AVP with the seconds a dialog may live, read at the INVITE and at each request within.' },
  default_timeout: number('Seconds a dialog may live without a request.', 43_200),
  dlg_extra_hdrs: text('Header fields, with their line ends, of each BYE sent here.'),
  dlg_match_mode: { type: 'int', default: 0, min: 0, max: 2, doc: 'How requests find it: 0 by `did`, 1 by it or tags, 2 by tags.' },
  detect_spirals: onOff('1: an INVITE that comes again belongs to the dialog it made the first time.', 1),
  db_url: text('Database; for db_mode > 0.', 'mysql://kamailio:kamailiorw@localhost/kamailio'),
  db_mode: number('0 memory only, 1 written at once, 2 written by the timer, 3 written at the end.'),
  table_name: text('Table of dialogs.', 'dialog'),
  call_id_column: column('callid'),
  from_uri_column: column('from_uri'),
  from_tag_column: column('from_tag'),
  to_uri_column: column('to_uri'),
  to_tag_column: column('to_tag'),
  h_id_column: column('hash_id'),
  h_entry_column: column('hash_entry'),
  state_column: column('state'),
  start_time_column: column('start_time'),
  timeout_column: column('timeout'),
  to_cseq_column: column('callee_cseq'),
  from_cseq_column: column('caller_cseq'),
  to_route_column: column('callee_route_set'),
  from_route_column: column('caller_route_set'),
  to_contact_column: column('callee_contact'),
  from_contact_column: column('caller_contact'),
  to_sock_column: column('callee_sock'),
  from_sock_column: column('caller_sock'),
  sflags_column: column('sflags'),
  toroute_name_column: column('toroute_name'),
  vars_table_name: text('Table of variables.', 'dialog_vars'),
  vars_h_id_column: column('hash_id'),
  vars_h_entry_column: column('hash_entry'),
  vars_key_column: column('dialog_key'),
  vars_value_column: column('dialog_value'),
  db_update_period: { type: 'int', default: 60, min: 1, doc: 'Seconds between two writes; db_mode 2.' },
  db_fetch_rows: number('Rows Kamailio reads at a time; all are read at once here.', 200),
  db_skip_load: number('1: nothing is read at the start.'),
  profiles_with_value: text('Names of profiles whose members have a value: `caller;trunk`.'),
  profiles_no_value: text('Names of profiles without values.'),
  bridge_controller: text('URI in From and Referred-By of calls made here.', 'sip:controller@kamailio.org'),
  bridge_contact: text('Their Contact.', 'sip:controller@kamailio.org:5060'),
  ruri_pvar: { type: 'format', doc: 'What is kept as Request-URI; default $ru.' },
  initial_cbs_inscript: onOff('1: other modules are told of a dialog when it is made, 0: with its transaction.', 1),
  send_bye: number('1: a dialog whose time is over gets BYEs, whatever $dlg_ctx(timeout_bye) says.'),
  wait_ack: number('1: a call that failed is kept until its transaction is gone.', 1),
  xavp_cfg: text('Accepted; Kamailio 5.6 does not read it either.'),
  ka_timer: number('Seconds between two looks for keepalives that are due; 0: none are sent.'),
  ka_interval: number('Seconds between two keepalives of a dialog, at least 30; 0: none are sent.'),
  ka_failed_limit: number('Keepalives in a row without an answer, or with a 481, that end the dialog.', 1),
  timeout_noreset: onOff('1: requests within a dialog do not prolong its time.'),
  timer_procs: number('Processes for the timer; one loop does it here.'),
  track_cseq_updates: number('1: CSeq numbers are kept right where uac_auth() uses one of its own.'),
  lreq_callee_headers: text('Header fields of requests to the callee sent here.'),
  event_callback: scriptCallback('event routes'),
  bye_early_code: { type: 'int', default: 0, min: 0, max: 699, doc: 'Status for the caller when dlg_bye() ends a call that rings; 0: it does not, as in Kamailio 5.6.' },
  bye_early_reason: text('Its reason.', 'Temporarily Unavailable'),
  dlg_ctxiuid_mode: { type: 'int', default: 0, doc: '1: what a CANCEL is about is the dialog of its run.' },
  debug_variables: { type: 'int', default: 0, noEffect: true, doc: 'Accepted: dlg.list shows the variables.' },
  early_timeout: number('Seconds after which a call without final response is forgotten.', 300),
  noack_timeout: number('Seconds after which a call without ACK is ended.', 60),
  end_timeout: number('Seconds after which an ended call is forgotten, whatever holds it.', 300),
  h_id_start: { type: 'int', default: 0, min: -1, doc: 'First dialog number; -1: server_id. With h_id_step.' },
  h_id_step: number('Distance of dialog numbers: servers that share a table each have their own.', 1),
  dlg_mode: number('1: transactions move no state. dlg_set_state(), dlg_update_state() and each response that goes out do; who answered, statistics and lifetime are not kept then. 0, as in Kamailio 5.6: transactions do.'),
  keep_proxy_rr: { type: 'int', default: 0, min: 0, max: 3, doc: 'Our own Record-Route stays in the route set of: 1 the callee, 2 the caller.' },
  dlg_filter_mode: number('1: dialogs of a socket that is not here are left to the server that has it.'),
} as const; // biome-ignore format: a table

/** What Kamailio refuses at the start (dialog.c, mod_init). */
export function checkParams(p: {
  readonly rr_param: string;
  readonly default_timeout: number;
  readonly db_mode: number;
  readonly db_url: string;
  readonly ka_interval: number;
}): void {
  if (p.rr_param === '' || p.rr_param.length > 32)
    throw new StartError('SIPC8123', 'dialog: rr_param has to be a name of at most 32 characters');
  if (p.default_timeout <= 0) throw new StartError('SIPC8124', 'dialog: default_timeout has to be above 0');
  if (p.db_mode < 0 || p.db_mode > 3)
    throw new StartError('SIPC8125', `dialog: db_mode ${p.db_mode} does not exist; use 0, 1, 2 or 3`);
  if (p.db_mode !== 0 && p.db_url === '') throw new StartError('SIPC8126', 'dialog: db_mode needs a db_url');
  if (p.ka_interval !== 0 && p.ka_interval < 30)
    throw new StartError('SIPC8127', 'dialog: ka_interval has to be at least 30 seconds');
}

export const columnsOf = (p: Readonly<Record<`${ColumnName}_column`, string>>): Record<ColumnName, string> =>
  Object.fromEntries(columnNames.map((name) => [name, p[`${name}_column`]])) as Record<ColumnName, string>;
