/**
 * Global parameters: name, type, default and whether a running server takes a new value (`core.*` of the cfg framework).
 *
 * The table is what the runtime reads; a name Kamailio knows and nothing here reads is accepted by the compiler and kept
 * in `other`, so that `cfg.get core …` can show it.
 */

import { dnsSettings } from './settings/dns.js';
import { int, type SettingSpec, str } from './settings/spec.js';
import { tcpSettings } from './settings/tcp.js';

export type { SettingSpec } from './settings/spec.js';

export const settingSpecs = {
  debug: int(0, 'Log level: messages above it are dropped.', { live: true, min: -5, max: 3 }),
  log_stderror: int(0, 'Log to the terminal.'),
  log_facility: str('LOG_DAEMON', 'Syslog facility.', { live: true }),
  log_name: str('', 'Name in log lines.'),
  log_prefix: str('', 'Format put before the log lines of a message.'),
  log_prefix_mode: int(0, '1: the prefix is built for every line, 0: once a message.'),
  log_engine_type: str('', 'Where the log goes.'),
  log_engine_data: str('', 'Parameters of the log engine.'),
  children: int(8, 'Processes per UDP socket in Kamailio; here only the default of the limit in flight.'),
  max_inflight: int(20_000, 'Messages in routing at a time; a request above it is dropped.', { live: true, min: 1 }),
  max_while_loops: int(100, 'Rounds after which a while ends; 0: no limit.', { live: true, min: 0 }),
  port: int(5060, 'Port of sockets that name none.'),
  mhomed: int(0, 'Pick the outgoing socket by route.', { live: true }),
  server_signature: int(1, 'Add a Server header field to responses made here.'),
  server_header: str('Server: sipc', 'The whole Server header field.'),
  user_agent_header: str('User-Agent: sipc', 'The whole User-Agent header field of requests made here.'),
  server_id: int(0, 'Number of this server in a group.', { live: true }),
  reply_to_via: int(0, 'Send responses to the Via address, not to the source.', { live: true }),
  check_via: int(0, 'Drop responses whose first Via is not ours.'),
  phone2tel: int(1, 'Treat user=phone URIs as tel.', { live: true }),
  syn_branch: int(1, 'Stateless branch parameters.'),
  auto_aliases: int(1, 'Take names of our addresses from reverse DNS as ours.'),
  sip_warning: int(0, 'Add Warning to responses made here.'),
  ...tcpSettings,
  ...dnsSettings,
  udp_mtu: int(0, 'Requests larger than this go over udp_mtu_try_proto.', { live: true, min: 0, max: 65_535 }),
  udp_mtu_try_proto: int(0, 'Protocol for large requests: 1 UDP, 2 TCP, 3 TLS, 4 SCTP.', {
    live: true,
    min: 0,
    max: 4,
    words: { udp: 1, tcp: 2, tls: 3, sctp: 4 },
  }),
  udp4_raw: int(0, 'Raw sockets for IPv4 datagrams; ordinary ones are used here.', { min: -1, max: 1 }),
  udp4_raw_mtu: int(1500, 'MTU of raw sockets.', { min: 28, max: 65_535 }),
  udp4_raw_ttl: int(-1, 'TTL of raw sockets; -1: as the system has it.', { min: -1, max: 255 }),
  local_rport: int(0, 'Ask for rport in our own Via.'),
  force_rport: int(0, 'Treat every request as if it had rport.', { live: true, min: 0, max: 1 }),
  advertised_address: str('', 'Host our Via and Record-Route show.'),
  advertised_port: int(0, 'Port our Via and Record-Route show; 0: the own one.'),
  route_locks_size: int(0, 'Kamailio: locks that keep the order of a call; always kept here.'),
  rundir: str('/run/kamailio', 'Folder of fifos and sockets.'),
  workdir: str('/', 'Working folder.'),
  modinit_delay: int(0, 'Microseconds between module starts; not used.'),
  exit_timeout: int(60, 'Seconds to drain at shutdown.', { live: true }),
  kemi_onsend_route_callback: str('', 'Not used.'),
  onsend_route_reply: int(0, 'Run onsend_route for responses too.', { live: true }),
  pv_cache_limit: int(2048, 'Not used.', { live: true }),
  max_branches: int(12, 'Most branches of a transaction.'),
  uri_host_extra_chars: str('', 'Also allowed in host names.'),
  hdr_name_extra_chars: str('', 'Also allowed in header names.'),
  msg_time: int(0, 'Take receive times.'),
  latency_log: int(3, 'Level for slow actions.', { live: true }),
  latency_limit_action: int(0, 'Microseconds after which an action is reported.', { live: true }),
  latency_limit_cfg: int(0, 'Microseconds after which a run is reported.', { live: true }),
  xavp_via_params: str('', 'Xavp whose fields become Via parameters.'),
  xavp_via_fields: str('', 'Xavp with Via address and port.'),
} as const satisfies Record<string, SettingSpec>;

type Specs = typeof settingSpecs;
export type SettingName = keyof Specs;
type SettingValue<K extends SettingName> = Specs[K]['default'] extends number ? number : string;
export type SettingValues = { -readonly [K in SettingName]: SettingValue<K> };

/** Names of one parameter, old and new. */
const synonyms: Readonly<Record<string, SettingName>> = {
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

const inRange = ({ clamp, min, max }: SettingSpec, value: number): number =>
  clamp ? Math.min(Math.max(value, min ?? value), max ?? value) : value;

/** The values of one server, live ones included. Read the fields of `values` directly. */
export class Settings {
  readonly values: SettingValues;
  /** Accepted, read by nothing here. */
  readonly other = new Map<string, number | string>();
  /** `group.name = value desc "…"`. */
  readonly custom = new Map<string, CustomSetting>();
  /** Every parameter that `cfg.get` and `cfg.set` reach, by `group.name`. */
  readonly live = new Map<string, LiveSetting>();
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
  }
  /** Our own `core.*` stay, whatever a module declares. */
  register(setting: LiveSetting): void {
    const key = `${setting.group}.${setting.name}`;
    if (setting.group !== 'core' || !this.live.has(key)) this.live.set(key, setting);
  }
  /** At load: no check for `live`. Null when done, else what is wrong. */
  assign(name: string, value: number | string): string | null {
    const known = isSetting(name) ? name : synonyms[name];
    if (known === undefined) {
      this.other.set(name, value);
      return null;
    }
    const spec: SettingSpec = settingSpecs[known];
    const given = typeof value === 'string' ? (spec.words?.[value.toLowerCase()] ?? value) : value;
    const typed = spec.type === 'int' ? inRange(spec, Number(given)) : String(given);
    if (typeof typed === 'number' && !Number.isInteger(typed)) return `${name} has to be a number`;
    if (typeof typed === 'number' && spec.min !== undefined && typed < spec.min)
      return `${name} has to be at least ${spec.min}`;
    if (typeof typed === 'number' && spec.max !== undefined && typed > spec.max && name !== 'debug')
      return `${name} has to be at most ${spec.max}`;
    Object.assign(this.values, { [known]: typed });
    for (const listener of this.#listeners) listener(known, typed);
    return null;
  }
  /** While running: only live parameters. */
  change(name: string, value: number | string): string | null {
    if (!isSetting(name)) return `no parameter ${name}`;
    const spec: SettingSpec = settingSpecs[name];
    if (!spec.live) return `${name} cannot change while the server runs`;
    return this.assign(name, value);
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
