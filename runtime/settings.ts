/**
 * Global parameters: name, type, default and whether a running server takes a new value (`core.*` of the cfg framework).
 *
 * All of Kamailio's are here: what the runtime reads, below and by layer in `settings/`; what has no counterpart, in
 * `settings/idle.ts`. What the grammar has instead (`listen`, `alias`, `flags`) is not.
 */

import { dnsSettings } from './settings/dns.js';
import { idleSettings } from './settings/idle.js';
import { parserSettings } from './settings/parser.js';
import { idleStr, int, type SettingSpec, str } from './settings/spec.js';
import { tcpSettings } from './settings/tcp.js';

export type { SettingSpec } from './settings/spec.js';

export const settingSpecs = {
  debug: int(0, 'Log level: messages above it are dropped.', { live: true }),
  log_stderror: int(0, 'Log to the terminal.'),
  log_color: int(0, 'Lines on the terminal in the colour of their level.'),
  log_facility: str('LOG_DAEMON', 'Syslog facility.', {
    live: true,
    refuses: true,
    values: [
      ...['AUTH', 'AUTHPRIV', 'CRON', 'DAEMON', 'FTP', 'KERN', 'LPR', 'MAIL', 'NEWS', 'SYSLOG', 'USER', 'UUCP'],
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `LOCAL${n}`),
    ].map((name) => `LOG_${name}`),
  }),
  log_prefix: str('', 'Format put before the log lines of a message.'),
  log_prefix_mode: int(0, '1: the prefix is built for every line, 0: once a message.'),
  max_inflight: int(20_000, 'Messages in routing at a time; a request above it is dropped.', { live: true, min: 1 }),
  max_recursive_level: int(256, 'Blocks and routes within each other; a call below that is -1.', { min: 1 }),
  max_while_loops: int(100, 'Rounds after which a while ends; 0: no limit.', { live: true, min: 0 }),
  port: int(5060, 'Port of sockets that name none.'),
  mhomed: int(0, 'Pick the outgoing socket by route.', { live: true }),
  server_signature: int(1, 'Add a Server header field to responses made here.'),
  server_header: str('Server: sipc', 'The whole Server header field.'),
  user_agent_header: str('User-Agent: sipc', 'The whole User-Agent header field of requests made here.'),
  'coreparam.iuid': str('', 'What tells this instance from others: $iuid (Kamailio 6.1); --iuid goes before it.'),
  server_id: int(0, 'Number of this server in a group.', { live: true }),
  reply_to_via: int(0, 'Send responses to the Via address, not to the source.', { live: true }),
  check_via: int(0, 'Drop responses whose first Via is not ours.'),
  auto_bind_ipv6: int(0, 'Without a `listen`, IPv6 addresses of the machine too.'),
  bind_ipv6_link_local: int(
    0,
    'Link-local IPv6 addresses: 1 they are listened on, with the interface they are on; 2 those written are left out (Kamailio 6).',
  ),
  auto_aliases: int(1, 'Take names of our addresses from reverse DNS as ours.'),
  sip_warning: int(0, 'Add Warning to responses made here.'),
  tos: int(16, 'Type of service of datagrams and streams; 0: as the system has it.', {
    min: 0,
    max: 255,
    words: { iptos_lowdelay: 16, iptos_throughput: 8, iptos_reliability: 4, iptos_mincost: 2 },
  }),
  pmtu_discovery: int(0, '1: IPv4 datagrams are not fragmented on their way (DF).', { min: 0, max: 1 }),
  ip_free_bind: int(0, '1: sockets may be bound to addresses the machine does not have yet.', { min: 0, max: 2 }),
  mcast: str('', 'Interface of multicast groups that are listened on.'),
  mcast_loopback: int(0, '1: what is sent to a multicast group comes back to this machine too.', { min: 0, max: 1 }),
  mcast_ttl: int(-1, 'TTL of multicast datagrams; -1: as the system has it.', { min: -1, max: 255 }),
  ...tcpSettings,
  ...dnsSettings,
  ...parserSettings,
  ...idleSettings,
  udp_accept_proxy: int(
    0,
    'Datagrams may begin with a header that says whom a proxy forwards them for: 1 PROXY protocol version 2, 2 Simple Proxy Protocol, 3 both. Only where nobody else reaches the port.',
    { refuses: true, min: 0, max: 3 },
  ),
  udp_mtu: int(0, 'Requests larger than this go over udp_mtu_try_proto.', { live: true, min: 0, max: 65_535 }),
  udp_mtu_try_proto: int(0, 'Protocol for large requests: 1 UDP, 2 TCP, 3 TLS, 4 SCTP.', {
    live: true,
    min: 0,
    max: 4,
    words: { udp: 1, tcp: 2, tls: 3, sctp: 4 },
  }),
  local_rport: int(0, 'Ask for rport in our own Via.'),
  force_rport: int(0, 'Treat every request as if it had rport.', { live: true, min: 0, max: 1 }),
  advertised_address: str('', 'Host our Via and Record-Route show.'),
  advertised_port: int(0, 'Port our Via and Record-Route show; 0: the own one.'),
  rundir: str('/run/kamailio', 'Folder of fifos and sockets.', { refuses: true, min: 1 }),
  workdir: str('', 'Working folder; without it the one it was started in.'),
  user: str('', 'Who the process becomes once its sockets are open: a name or a number.'),
  group: str('', 'Its group; without it the first one of `user`.'),
  chroot: str('', 'Another root folder: Node cannot change it, the start is refused.'),
  exit_timeout: int(60, 'Most seconds a shutdown waits for calls in setup, which get five; 0: no limit.', {
    live: true,
  }),
  onsend_route_reply: int(0, 'Run onsend_route for responses too.', { live: true }),
  msg_recv_max_size: int(65_535, 'Longest message that is read, bytes (32767 in Kamailio 6).', { live: true, min: 0 }),
  rpc_exec_delta: int(0, 'Seconds between two runs of a command that reloads (Kamailio 6); 0: none.', { min: 0 }),
  latency_cfg_log: int(3, 'Level of the lines that say how long request_route and reply_route took.', { live: true }),
  latency_log: int(-1, 'Level of the lines about slow queries and actions.', { live: true }),
  latency_limit_action: int(
    0,
    'Microseconds from which an action of a route is told of, what it waits for included; 0: none is. A program measures only where the cfg writes this.',
    { live: true },
  ),
  latency_limit_db: int(0, 'Microseconds from which a query is slow, its wait for a connection included; 0: none is.', {
    live: true,
  }),
  latency_limit_cfg: int(0, 'Microseconds from which they are written; 0: always.', { live: true }),
  msg_apply_changes_mode: int(
    0,
    '1: a transaction begins with the changed request, and each branch has its own (Kamailio 6).',
  ),
  max_branches: int(12, 'Most branches of a transaction.', { refuses: true, min: 1, max: 31 }),
  return_mode: int(0, '1: a call in an expression has its own value, and any but 0 is true (Kamailio 5.7).'),
  stats_name_separator: idleStr(
    '_',
    'Between a domain and a word in names of usrloc’s statistics by domain, which are not here.',
  ),
  version_table: str('version', 'Table with the versions of the others.'),
  async_tkv_evcb: str('', 'Event block that runs for what is told with $atkv: core:tkv (Kamailio 6).'),
  async_tkv_gname: str('', 'Group of processes for it; there are none here, but without a name it does not run.'),
  received_route_mode: int(0, 'Not 0: event_route[core:msg-received] runs.'),
  xavp_via_params: str('', 'Xavp whose fields become Via parameters.'),
  xavp_via_reply_params: str('', 'Xavp whose fields become Via parameters of responses (Kamailio 6).'),
  xavp_via_fields: str('', 'Xavp with Via address and port.'),
} as const satisfies Record<string, SettingSpec>;

type Specs = typeof settingSpecs;
export type SettingName = keyof Specs;
type SettingValue<K extends SettingName> = Specs[K]['default'] extends number ? number : string;
export type SettingValues = { -readonly [K in SettingName]: SettingValue<K> };

/** Names of one parameter, old and new. */
export const settingSynonyms: Readonly<Record<string, SettingName>> = {
  auto_domains: 'auto_aliases',
  core_log: 'corelog',
  gid: 'group',
  http_reply_hack: 'http_reply_parse',
  ip_nonlocal_bind: 'ip_free_bind',
  ipfreebind: 'ip_free_bind',
  mem_dbg: 'memdbg',
  mem_log: 'memlog',
  rt_fast_timer_prio: 'rt_timer1_prio',
  rt_ftimer_prio: 'rt_timer1_prio',
  rt_ftimer_policy: 'rt_timer1_policy',
  rt_stimer_prio: 'rt_timer2_prio',
  rt_stimer_policy: 'rt_timer2_policy',
  ser_kill_timeout: 'exit_timeout',
  shm_mem: 'shm',
  shm_mem_size: 'shm',
  tcp_accept_protos: 'tcp_accept_protocols',
  tlslog: 'tls_log',
  uid: 'user',
  loop_checks: 'check_via',
  sip_port: 'port',
  server_sig: 'server_signature',
  run_dir: 'rundir',
  wdir: 'workdir',
  dns_cache_negative: 'dns_cache_negative_ttl',
  tcp_buf_write: 'tcp_async',
  tls_disable: 'disable_tls',
  tls_enable: 'enable_tls',
  add_rport: 'force_rport',
  dns_use_cache: 'use_dns_cache',
  dns_use_failover: 'use_dns_failover',
  dns_srv_loadbalancing: 'dns_srv_lb',
  dns_rev_via: 'rev_dns',
  dns_udp_preference: 'dns_udp_pref',
  dns_tcp_preference: 'dns_tcp_pref',
  dns_tls_preference: 'dns_tls_pref',
  dns_sctp_preference: 'dns_sctp_pref',
  dns_cache_delete_nonexpired: 'dns_cache_del_nonexp',
  dst_blocklist_ttl: 'dst_blocklist_expire',
};

const isSetting = (name: string): name is SettingName => Object.hasOwn(settingSpecs, name);

export interface CustomSetting {
  readonly group: string;
  readonly name: string;
  value: number | string;
  readonly default: number | string;
  readonly description: string;
}

/** A parameter of the cfg framework: a live module parameter, a live global, or a custom one. */
export interface LiveSetting {
  readonly group: string;
  readonly name: string;
  readonly type: 'int' | 'str';
  readonly doc: string;
  readonly default: number | string | undefined;
  readonly min?: number;
  readonly max?: number;
  /** Undefined: a text parameter without a value. */
  get(): number | string | undefined;
  set(value: number | string): void;
}

/** What is wrong with a value that `spec` takes in Kamailio's range only; null: nothing. */
function refusal({ min, max, values }: SettingSpec, value: number | string): string | null {
  if (typeof value === 'string') {
    if (values !== undefined && !values.includes(value)) return `has to be one of ${values.join(', ')}`;
    return min === undefined || value.length >= min ? null : 'must not be empty';
  }
  if (min !== undefined && value < min) return `has to be at least ${min}`;
  return max !== undefined && value > max ? `has to be at most ${max}` : null;
}
const inRange = ({ min, max }: SettingSpec, value: number): number =>
  Math.min(Math.max(value, min ?? value), max ?? value);

/** Of one group. */
const MAX_INSTANCES = 10_000;

/** The values of one server, live ones included. Read the fields of `values` directly. */
export class Settings {
  readonly values: SettingValues;
  /** Names of old or later versions that are not in the table. */
  readonly other = new Map<string, number | string>();
  /** `group.name = value desc "…"`. */
  readonly custom = new Map<string, CustomSetting>();
  /** Every parameter that `cfg.get` and `cfg.set` reach, by `group.name`. */
  readonly live = new Map<string, LiveSetting>();
  /** Of a group the cfg has made: its instances by number, each with the values that are not the group's (`cfg.add_group_inst`). */
  readonly #instances = new Map<string, Map<number, Map<string, number | string>>>();
  /** Those of the core. */
  #own: ReadonlySet<string> = new Set();
  #listeners: ((name: string, value: number | string) => void)[] = [];

  constructor(written: Readonly<Record<string, number | string>> = {}) {
    this.values = Object.fromEntries(
      Object.entries(settingSpecs).map(([name, spec]) => [name, spec.default]),
    ) as SettingValues;
    for (const [name, value] of Object.entries(written)) this.assign(name, value);
    for (const [name, spec] of Object.entries<SettingSpec>(settingSpecs)) {
      if (!spec.live || !isSetting(name)) continue;
      const { type, doc, min, max } = spec;
      const [group = 'core', shown = name] = spec.liveAs?.split('.') ?? [];
      this.register({
        group,
        name: shown,
        type,
        doc,
        default: spec.default,
        min,
        max,
        get: () => this.values[name],
        set: (value) => void this.assign(name, value),
      });
    }
    this.#own = new Set(this.live.keys());
  }
  /** What the core has stays, whatever a module declares. */
  register(setting: LiveSetting): void {
    const key = `${setting.group}.${setting.name}`;
    if (this.#own.has(key)) return;
    this.live.set(key, {
      ...setting,
      set: (value) => {
        setting.set(value);
        for (const listener of this.#listeners) listener(key, value);
      },
    });
  }
  /** At load: no check for `live`, and a number out of range is brought into it. Null when done, else what is wrong. */
  assign(name: string, value: number | string, running = false): string | null {
    const known = isSetting(name) ? name : settingSynonyms[name];
    if (known === undefined) {
      this.other.set(name, value);
      return null;
    }
    const spec: SettingSpec = settingSpecs[known];
    const given = typeof value === 'string' ? (spec.words?.[value.toLowerCase()] ?? value) : value;
    const typed = spec.type === 'int' ? Number(given) : String(given);
    if (typeof typed === 'number' && !Number.isInteger(typed)) return `${name} has to be a number`;
    const problem = running || spec.refuses ? refusal(spec, typed) : null;
    if (problem !== null) return `${name} ${problem}`;
    this.#put(known, typeof typed === 'number' ? inRange(spec, typed) : typed);
    return null;
  }
  #put(known: SettingName, typed: number | string): void {
    Object.assign(this.values, { [known]: typed });
    for (const listener of this.#listeners) listener(known, typed);
  }
  /** While running: only live parameters. */
  change(name: string, value: number | string): string | null {
    if (!isSetting(name)) return `no parameter ${name}`;
    const spec: SettingSpec = settingSpecs[name];
    if (!spec.live) return `${name} cannot change while the server runs`;
    return this.assign(name, value, true);
  }
  /** `name` of a global parameter, `group.name` of a module's and of the cfg's own. */
  /** What an instance has of its own; undefined: there is no such instance. */
  instance(group: string, id: number): Map<string, number | string> | undefined {
    return this.#instances.get(group)?.get(id);
  }
  /** False: not a group of the cfg's own, or too many. One that is there stays as it is. */
  addInstance(group: string, id: number): boolean {
    if (![...this.custom.values()].some((one) => one.group === group)) return false;
    const all = this.#instances.get(group) ?? new Map<number, Map<string, number | string>>();
    if (all.size >= MAX_INSTANCES) return false;
    if (!all.has(id)) all.set(id, new Map());
    this.#instances.set(group, all);
    return true;
  }
  removeInstance(group: string, id: number): boolean {
    return this.#instances.get(group)?.delete(id) ?? false;
  }
  onChange(listener: (name: string, value: number | string) => void): void {
    this.#listeners.push(listener);
  }
  define(group: string, name: string, value: number | string, description: string | null): void {
    const custom: CustomSetting = { group, name, value, default: value, description: description ?? '' };
    this.custom.set(`${group}.${name}`, custom);
    this.register({
      group,
      name,
      type: typeof value === 'number' ? 'int' : 'str',
      doc: custom.description,
      default: value,
      get: () => custom.value,
      set: (changed) => {
        custom.value = changed;
      },
    });
  }
}
