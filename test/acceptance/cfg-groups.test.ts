/**
 * The parameters that can be read and changed while the server runs (Kamailio's cfg framework): all that `cfg.list` of Kamailio
 * 5.6.3 shows with the modules below are here, and a change is seen at once.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { RpcCall } from '../../runtime/sdk/index.js';
import { temporaryFolder } from '../support/databases.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

/** Recorded: names by group. */
const recorded: Readonly<Record<string, string>> = {
  core: 'corelog debug dns_cache_del_nonexp dns_cache_flags dns_cache_max_ttl dns_cache_mem dns_cache_min_ttl dns_cache_negative_ttl dns_cache_rec_pref dns_naptr_ignore_rfc dns_reinit dns_retr_no dns_retr_time dns_sctp_pref dns_search_full_match dns_servers_no dns_slow_query_ms dns_srv_lb dns_tcp_pref dns_tls_pref dns_try_ipv6 dns_try_naptr dns_udp_pref dns_use_search_list dst_blocklist_expire dst_blocklist_mem dst_blocklist_sctp_imask dst_blocklist_tcp_imask dst_blocklist_tls_imask dst_blocklist_udp_imask force_rport latency_cfg_log latency_limit_action latency_limit_cfg latency_limit_db latency_log log_facility max_while_loops mem_dump_pkg mem_dump_shm mem_join mem_safety mem_status_mode mem_summary memdbg memlog pv_cache_action pv_cache_limit sip_parser_log sip_parser_log_oneline udp4_raw udp4_raw_mtu udp4_raw_ttl udp_mtu udp_mtu_try_proto use_dns_cache use_dns_failover use_dst_blocklist',
  dbg: 'mod_facility_mode mod_hash_size mod_level_mode',
  dispatcher: 'inactive_threshold ping_reply_codes probing_threshold',
  maxfwd: 'max_limit',
  outbound: 'outbound_enabled',
  registrar: 'append_branches case_sensitive default_expires default_expires_range default_q expires_range max_contacts max_expires min_expires realm_pref retry_after use_expired_contacts',
  rtpengine: 'aggressive_redetection queried_nodes_limit rtpengine_disable_tout rtpengine_retr rtpengine_tout_ms',
  siputils: 'ring_timeout',
  tcp: 'accept_aliases accept_no_cl alias_flags async conn_wq_max connect_timeout connect_wait connection_lifetime crlf_ping defer_accept delayed_ack fd_cache keepalive keepcnt keepidle keepintvl linger2 max_connections max_tls_connections new_conn_alias_flags no_connect rd_buf_size reuse_port send_timeout syncnt wait_data_ms wq_blk_size wq_max',
  tm: 'ac_extra_hdrs aggregate_challenges auto_inv_100 auto_inv_100_reason blst_503 blst_503_def_timeout blst_503_max_timeout blst_503_min_timeout blst_methods_add blst_methods_lookup callid_cseq_matching callid_matching cancel_b_method default_code default_reason disable_6xx_block e2e_cancel_reason enable_uac_fr fr_inv_timer fr_inv_timer_next fr_timer local_ack_mode local_cancel_reason max_inv_lifetime max_noninv_lifetime noisy_ctimer pass_provisional_replies relay_100 reparse_invite reparse_on_dns_failover restart_fr_on_each_reply retr_timer1 retr_timer2 ruri_matching unix_tx_timeout unmatched_cancel via1_matching wt_timer',
  websocket: 'enabled keepalive_timeout',
  xlog: 'methods_filter',
}; // biome-ignore format: a group a line

/** Those that are not here, and why. */
const absent: Readonly<Record<string, string>> = {
  'core.mem_dump_pkg': 'there is no pool of memory to dump',
  'core.mem_dump_shm': 'there is no pool of memory to dump',
  'tcp.async': 'read-only in Kamailio; always so here',
  'tcp.connect_wait': 'read-only in Kamailio; always so here',
  'tcp.defer_accept': 'read-only in Kamailio; the system decides here',
  'tcp.fd_cache': 'read-only in Kamailio; there are no processes that keep descriptors',
  'outbound.outbound_enabled': 'read-only in Kamailio: it only says that the module is loaded',
  'tm.fr_inv_timer_next': 'nothing reads it in Kamailio',
  'siputils.ring_timeout': 'ring_insert_callid() and its parameter are not here',
};

/** A request to do something, which goes back to 0 when it is done. */
const momentary = new Set(['core.dns_reinit']);

const modules = [
  ...[
    'tm',
    'sl',
    'rr',
    'pv',
    'maxfwd',
    'usrloc',
    'registrar',
    'xlog',
    'siputils',
    'debugger',
    'outbound',
    'dispatcher',
  ],
  ...['rtpengine', 'tls', 'xhttp', 'websocket', 'cfg_rpc'],
];
const folder = temporaryFolder();
let server: Server;
beforeAll(async () => {
  const list = `${folder.path}/dispatcher.list`;
  writeFileSync(list, '1 sip:127.0.0.1:5098\n');
  const cfg = `listen=udp:127.0.0.1:5060
tcp_accept_no_cl=yes
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("dispatcher", "list_file", "${list}")
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:5097")
request_route { exit; }
event_route[xhttp:request] { exit; }`;
  server = await startBuilt(await buildCfg('cfg-groups.cfg', cfg), simulatedEnvironment());
});
afterAll(async () => {
  await server.stop(0);
  folder.remove();
});
async function rpc(name: string, ...words: (string | number)[]) {
  const call = new RpcCall(name, words);
  await server.rpc.execute(call, () => undefined)?.done;
  return call;
}

it('cfg.list shows what Kamailio shows', async () => {
  const wanted = Object.entries(recorded).flatMap(([group, names]) =>
    names.split(' ').map((name) => `${group}.${name}`),
  );
  const listed = new Set((await rpc('cfg.list')).results.map((line) => String(line).replace(': ', '.')));
  expect(wanted.filter((name) => !listed.has(name)).sort()).toEqual(Object.keys(absent).sort());
});

const present = Object.entries(recorded)
  .map(([group, names]) => ({ group, names: names.split(' ').filter((name) => !(`${group}.${name}` in absent)) }))
  .filter(({ names }) => names.length > 0);

describe.each(present)('$group', ({ group, names }) => {
  it('each is changed by cfg.set, as far as it has room, and reset', async () => {
    for (const name of names) {
      const setting = server.settings.live.get(`${group}.${name}`);
      const before = setting?.get();
      if (setting === undefined) throw new Error(name);
      if (setting.type === 'str') {
        // A text of its own form.
        expect((await rpc('cfg.set_now_string', group, name, String(before ?? ''))).faulted, name).toBeNull();
        continue;
      }
      const now = Number(before);
      const other = now + 1 <= (setting.max ?? 0x7fff_ffff) ? now + 1 : now - 1;
      expect((await rpc('cfg.set_now_int', group, name, other)).faulted, name).toBeNull();
      const seen = momentary.has(`${group}.${name}`) ? 0 : other;
      expect((await rpc('cfg.get', group, name)).results, name).toEqual([seen]);
      await rpc('cfg.set_now_int', group, name, now);
    }
  });
});

it('ping_reply_codes of dispatcher: what is no list changes nothing', async () => {
  expect((await rpc('cfg.set_now_string', 'dispatcher', 'ping_reply_codes', 'class=3')).faulted).toBeNull();
  expect((await rpc('cfg.get', 'dispatcher', 'ping_reply_codes')).results).toEqual(['class=3']);
});
