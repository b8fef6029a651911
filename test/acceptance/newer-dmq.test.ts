/**
 * What nodes of a cluster tell each other since after 5.6.3, so that no golden can tell: two servers of ours, and a peer whose copy of the
 * JSON documents is compared with what the sources of Kamailio's newest version write (dlg_dmq.c, rtpengine_dmq.c, presence_dmq.c).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { nodeLine, type Peer, SimulatedCluster } from '../support/cluster.js';

const [A, B, PEER] = ['10.0.0.1', '10.0.0.2', '10.0.0.9'];
const kdmq = 'if ($rm == "KDMQ") dmq_handle_message();';

let cluster = new SimulatedCluster();
afterEach(async () => {
  await cluster.stop();
  cluster = new SimulatedCluster();
});
/** It is a node of both, and both are to each other. */
const joined = async (peer: Peer, ...nodes: readonly string[]) => {
  for (const ip of nodes)
    await peer.tell(ip, 'notification_peer', [...nodes, PEER].map((one) => nodeLine(one)).join(''));
  await cluster.pass(1);
  peer.got.splice(0);
};

describe('dlg_remove_dialogs_from_node()', () => {
  const lines = `modparam("dialog", "enable_dmq", 1)
modparam("dialog", "hash_size", 1)
modparam("dialog", "profiles_no_value", "calls")
event_route[dmq:peer-disabled] {
  get_profile_size("calls", "$avp(all)");
  dlg_remove_dialogs_from_node("$ru");
  $var(rc) = $rc;
  get_profile_size("calls", "$avp(left)");
  xlog("L_ERR", "$ru $var(rc): $avp(left) of $avp(all)\\n");
}
request_route {
  ${kdmq}
  if ($rm == "OPTIONS") {
    dlg_remove_dialogs_from_node("$hdr(X-Node)");
    $var(rc) = $rc;
    get_profile_size("calls", "$avp(calls)");
    xlog("L_ERR", "$var(rc) $DLG_count $avp(calls)\\n");
    exit;
  }
  dlg_manage();
  set_dlg_profile("calls");
  $du = "sip:${PEER}:5060";
  t_relay();
}`;
  const told = (id: number, state: number) => ({
    action: 1,
    h_entry: 0,
    h_id: id,
    init_ts: 1,
    callid: `told-${id}`,
    from_uri: 'sip:a@b',
    to_uri: 'sip:b@b',
    req_uri: 'sip:b@b',
    tag1: 'a',
    cseq1: '1',
    route_set1: '',
    contact1: 'sip:a@b',
    profiles: '{"profiles":[{"name":"calls","puid":"p"}]}',
    state,
    start_ts: 1,
    lifetime: 600,
    ...(state === 4 && { tag2: 'b', cseq2: '1', route_set2: '', contact2: 'sip:b@b' }),
  });
  const remove = (peer: Peer, node: string) => peer.ask(A, 'OPTIONS', 'x', [`X-Node: ${node}`]);

  it('forgets what that node told, in whatever state, and nothing else', async () => {
    const peer = await cluster.peer(PEER, nodeLine(PEER));
    const other = await cluster.peer(B, nodeLine(B));
    const a = await cluster.node(A, PEER, ['dialog'], lines);
    await joined(peer, A, B);
    for (const state of [1, 2, 4]) expect(await peer.tell(A, 'dialog', told(7000 + state, state))).toBe(200);
    expect(await other.tell(A, 'dialog', told(8000, 4))).toBe(200);
    await peer.ask(A, 'INVITE', 'own');
    peer.got.splice(0);
    a.said();
    await remove(peer, `sip:${B}`);
    await remove(peer, '');
    // The peer is known by its notification address, the other by its line in the peer's list.
    await remove(peer, `sip:${PEER}:5060`);
    await remove(peer, `sip:${PEER}:5060`);
    await remove(peer, nodeLine(B).trim());
    expect(a.said()).toEqual(['-1 3 5', '-1 3 5', '1 2 2', '-1 2 2', '1 1 1']);
    const stats = ['active', 'early'].map((name) => a.server.stats.get('dialog', `${name}_dialogs`)?.read());
    expect(stats).toEqual([1, 0]);
    // Nobody is told: the node is gone, and others decide for themselves.
    expect(peer.told('dialog')).toEqual([]);
    expect(await peer.tell(A, 'dialog', { action: 3, h_entry: 0, h_id: 7004, state: 5 })).toBe(500);
  });

  it('a node that falls silent takes its calls along', async () => {
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, ['dialog'], lines);
    const b = await cluster.node(B, A, ['dialog'], lines);
    await peer.ask(B, 'INVITE', 'call');
    await peer.ask(A, 'INVITE', 'own');
    await cluster.pass(1);
    await b.server.stop(0);
    await cluster.pass(100);
    expect(a.said()).toEqual([`${nodeLine(B).trim()} 1: 1 of 2`]);
  });
});
