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
  const remove = (peer: Peer, node: string) => peer.ask(A, 'OPTIONS', 'x', { lines: [`X-Node: ${node}`] });

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

describe('rtpengine: enable_dmq', () => {
  const [FIRST, SECOND] = ['10.0.0.7', '10.0.0.8'];
  const SDP = 'v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
  /** New calls go to the relay whose weight is 1. */
  const lines = (first: 0 | 1, peerId = 'rtpengine') => `modparam("rtpengine", "enable_dmq", 1)
modparam("rtpengine", "dmq_peer_id", "${peerId}")
modparam("rtpengine", "rtpengine_sock", "3 == udp:${FIRST}:22222=${first} udp:${SECOND}:22222=${1 - first}")
modparam("rtpengine", "setid_default", 3)
modparam("rtpengine", "ping_mode", 0)
modparam("rtpengine", "hash_table_tout", 60)
modparam("rtpengine", "rtp_inst_pvar", "$avp(at)")
request_route {
  ${kdmq}
  if ($rm == "MESSAGE") rtpengine_delete("$hdr(X-Flags)");
  else rtpengine_offer("$hdr(X-Flags)");
  xlog("L_ERR", "$rc $avp(at)\\n");
}`;
  const relay = async (ip: string) => {
    const socket = await cluster.world.host([ip]).network.bindUdp({ ip, port: 22222 }, (text, from) => {
      socket.send(`${text.split(' ', 1)[0]} d6:result2:ok3:sdp3:newe`, from);
    });
  };
  const urls = [`udp:${FIRST}:22222`, `udp:${SECOND}:22222`] as const;
  const call = (peer: Peer, to: string, method: 'INVITE' | 'MESSAGE', callId: string, flags = '') =>
    peer.ask(to, method, 'x', {
      callId,
      lines: ['Content-Type: application/sdp', `X-Flags: ${flags}`],
      body: SDP,
    });
  const total = (node: { rpc(name: string): Promise<unknown> }) => node.rpc('rtpengine.get_hash_total');

  it('a call stays with its rtpengine, whatever node asks', async () => {
    await relay(FIRST);
    await relay(SECOND);
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, ['rtpengine'], lines(1));
    const b = await cluster.node(B, A, ['rtpengine'], lines(0));
    await joined(peer, A, B);
    await call(peer, A, 'INVITE', 'plain');
    await call(peer, B, 'INVITE', 'plain');
    await call(peer, B, 'INVITE', 'other');
    expect([...a.said(), ...b.said()]).toEqual([`1 ${urls[0]}`, `1 ${urls[0]}`, `1 ${urls[1]}`]);
    await call(peer, A, 'INVITE', 'branch', 'via-branch=1');
    const branch = /"viabranch":"([^"]+)"/.exec(peer.got.join(''))?.[1];
    expect(branch).toMatch(/^z9hG4bK10\.0\.0\.9-\d+$/);
    expect(await Promise.all([total(a), total(b)])).toEqual([3, 3]);
    await call(peer, B, 'MESSAGE', 'plain');
    await call(peer, A, 'MESSAGE', 'branch');
    expect(await Promise.all([total(a), total(b)])).toEqual([1, 1]);
    expect(peer.told('rtpengine')).toEqual([
      `{"action":1,"callid":"plain","rtpengine_url":"${urls[0]}","setid":3}`,
      `{"action":1,"callid":"other","rtpengine_url":"${urls[1]}","setid":3}`,
      `{"action":1,"callid":"branch","viabranch":"${branch}","rtpengine_url":"${urls[0]}","setid":3}`,
      '{"action":2,"callid":"plain"}',
      '{"action":2,"callid":"branch"}',
    ]);
  });

  it('what another node tells is done, or refused as Kamailio does, and forgotten after hash_table_tout', async () => {
    await relay(FIRST);
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, ['rtpengine'], lines(0, 'media'));
    await joined(peer, A);
    const insert = { action: 1, callid: 'c', viabranch: 'v', rtpengine_url: urls[0], setid: 3 };
    const rows: readonly (readonly [object | string, number])[] = [
      [insert, 200],
      [insert, 500],
      [{ ...insert, viabranch: 'w' }, 200],
      [{ ...insert, callid: 'd', setid: 4 }, 500],
      [{ ...insert, callid: 'd', rtpengine_url: 'udp:10.0.0.6:22222' }, 500],
      [{ ...insert, callid: 'd', rtpengine_url: undefined }, 500],
      [{ ...insert, callid: 'x'.repeat(1_001) }, 400],
      [{ ...insert, callid: 'c\nv' }, 400],
      [{ ...insert, callid: 7 }, 400],
      [{ ...insert, other: 1 }, 400],
      ['{', 400],
      ['[]', 400],
      [{ action: 2, callid: 'none' }, 500],
      [{ action: 2, callid: 'c', viabranch: 'none' }, 500],
      // Asks for all, which nobody answers; and nothing at all.
      [{ action: 3 }, 200],
      [{}, 200],
    ];
    const answers: number[] = [];
    for (const [body] of rows) answers.push(await peer.tell(A, 'media', body));
    expect(answers).toEqual(rows.map(([, status]) => status));
    expect(await total(a)).toBe(2);
    // Without a branch: all of the call.
    expect(await peer.tell(A, 'media', { action: 2, callid: 'c' })).toBe(200);
    expect(await total(a)).toBe(0);
    await peer.tell(A, 'media', insert);
    await cluster.pass(61);
    await peer.tell(A, 'media', { ...insert, callid: 'late' });
    expect(await total(a)).toBe(1);
    expect(peer.told('media')).toEqual([]);
  });
});
