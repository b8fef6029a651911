/**
 * What nodes of a cluster tell each other since after 5.6.3, so that no golden can tell: two servers of ours, and a peer whose copy of the
 * JSON documents is compared with what the sources of Kamailio's newest version write (dlg_dmq.c, rtpengine_dmq.c, presence_dmq.c).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { bodyOf, fieldIn, type More, type Node, nodeLine, type Peer, SimulatedCluster } from '../support/cluster.js';

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

describe('presence', () => {
  const lines = (more: Readonly<Record<string, string | number>> = {}, params = '') => `loadmodule "presence.so"
loadmodule "presence_mwi.so"
${params}
${Object.entries({
  enable_dmq: 1,
  publ_cache: 2,
  subs_db_mode: 0,
  notifier_processes: 0,
  send_fast_notify: 1,
  clean_period: 0,
  db_update_period: 0,
  ...more,
})
  .map(([name, value]) => `modparam("presence", "${name}", ${typeof value === 'number' ? value : `"${value}"`})`)
  .join('\n')}
request_route {
  ${kdmq}
  if ($rm == "PUBLISH") handle_publish();
  else if ($rm == "SUBSCRIBE") handle_subscribe();
  exit;
}`;
  const waiting = (answer: string) => `Messages-Waiting: ${answer}\r\n`;
  const publish = async (peer: Peer, to: string, user: string, body: string, match?: string, expires = 600) =>
    /^SIP-ETag: (.*)\r$/m.exec(
      await peer.ask(to, 'PUBLISH', user, {
        lines: [
          'Event: message-summary',
          `Expires: ${expires}`,
          ...(match === undefined ? [] : [`SIP-If-Match: ${match}`]),
          ...(body === '' ? [] : ['Content-Type: application/simple-message-summary']),
        ],
        body,
      }),
    )?.[1];
  const subscribe = (peer: Peer, to: string, user: string, more: More = {}, expires = 600) =>
    peer.ask(to, 'SUBSCRIBE', user, { lines: ['Event: message-summary', `Expires: ${expires}`], ...more });
  const notified = (peer: Peer, user: string) =>
    peer.got.filter((text) => text.startsWith(`NOTIFY sip:${user}@`)).map((text) => bodyOf(text).trim());
  const states = async (node: Node) => {
    const shown = await node.rpc('presence.presentity_list', 'full');
    return Array.isArray(shown)
      ? shown.map((one) => [fieldIn(one, 'user'), fieldIn(one, 'expires'), fieldIn(one, 'body')].join(' ').trim())
      : [];
  };
  const watchers = ({ server }: Node) => server.stats.get('presence', 'subscriptions')?.read();
  const epoch = () => Math.floor(cluster.world.clock.now() / 1000);

  it('who joins is told the states that are there, once each, with the time they have left', async () => {
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, [], lines());
    const from = epoch();
    await publish(peer, A, 'vera', waiting('yes'));
    await publish(peer, A, 'will', waiting('no'), undefined, 900);
    await cluster.pass(100);
    await joined(peer, A);
    // As two nodes do that each ask all.
    expect(await peer.tell(A, 'presence', { action: 2 })).toBe(200);
    const told = peer.told('presence');
    expect(told.map((text) => text.replace(/"(etag|ruid)":"[^"]+"/g, '"$1":"*"'))).toEqual([
      `{"action":1,"presentity":{"domain":"${A}","user":"vera","etag":"*","expires":600,"recv":${from},"sender":"","event":"message-summary"},"t_new":1,"cur_etag":"","ruid":"*","body":"Messages-Waiting: yes\\r\\n"}`,
      `{"action":1,"presentity":{"domain":"${A}","user":"will","etag":"*","expires":900,"recv":${from},"sender":"","event":"message-summary"},"t_new":1,"cur_etag":"","ruid":"*","body":"Messages-Waiting: no\\r\\n"}`,
    ]);
    const b = await cluster.node(B, A, [], lines());
    await cluster.pass(1);
    for (const text of told) expect(await peer.tell(B, 'presence', text)).toBe(200);
    expect((await states(b)).sort()).toEqual((await states(a)).sort());
    expect((await states(b)).sort()).toEqual([
      `vera ${from + 600} Messages-Waiting: yes`,
      `will ${from + 900} Messages-Waiting: no`,
    ]);
    // It can be changed where it was not published.
    const { etag } = (JSON.parse(told[0] ?? '') as { presentity: { etag: string } }).presentity;
    await publish(peer, B, `vera@${A}`, waiting('no'), etag);
    expect((await states(a)).filter((text) => text.startsWith('vera'))).toEqual([
      `vera ${epoch() + 600} Messages-Waiting: no`,
    ]);
  });

  it.each([
    [{}, ['{"action":2}']],
    [{ enable_subs_dmq: 1 }, ['{"action":2}', '{"action":4}']],
    [{ enable_pres_sync_dmq: 0, enable_subs_dmq: 1, enable_subs_sync_dmq: 0 }, []],
    [{ enable_pres_dmq: 0, enable_subs_dmq: 1, dmq_peer_id: 'presence' }, ['{"action":4}']],
  ])('what a node that joins asks for: %j', async (params, asked) => {
    const peer = await cluster.peer(PEER, nodeLine(PEER));
    await cluster.node(A, PEER, [], lines(params));
    expect(peer.told('presence')).toEqual(asked);
  });

  it('enable_pres_dmq 0: what is published here is not told, what others tell is taken', async () => {
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, [], lines({ enable_pres_dmq: 0 }));
    const b = await cluster.node(B, A, [], lines());
    await joined(peer, A, B);
    await publish(peer, A, 'vera', waiting('yes'));
    await publish(peer, B, 'will', waiting('yes'));
    expect((await states(a)).map((text) => text.split(' ', 1)[0]).sort()).toEqual(['vera', 'will']);
    expect((await states(b)).map((text) => text.split(' ', 1)[0])).toEqual(['will']);
  });

  it.each([
    [0, ['', 'Messages-Waiting: yes', 'Messages-Waiting: yes']],
    [1, ['', 'Messages-Waiting: yes']],
  ])('skip_notify_dmq %d: who sends the NOTIFY of a state told', async (skip, bodies) => {
    const peer = await cluster.peer(PEER, '');
    const params = lines({ enable_subs_dmq: 1, skip_notify_dmq: skip });
    await cluster.node(A, null, [], params);
    await cluster.node(B, A, [], params);
    await joined(peer, A, B);
    await subscribe(peer, A, 'wendy');
    await publish(peer, B, `wendy@${A}`, waiting('yes'));
    expect(notified(peer, 'wendy')).toEqual(bodies);
  });

  it('enable_subs_dmq: a subscription made at one node is refreshed and ended at another', async () => {
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, [], lines({ enable_subs_dmq: 1 }));
    const b = await cluster.node(B, A, [], lines({ enable_subs_dmq: 1 }));
    await joined(peer, A, B);
    const answer = await subscribe(peer, A, 'wendy', { callId: 'w' });
    const toTag = /^To:.*;tag=(\S+)\r$/m.exec(answer)?.[1] ?? '';
    const [first, ...rest] = peer.told('presence').map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(rest).toEqual([]);
    expect(JSON.stringify(first)).toBe(
      `{"action":3,"subscription":{"pres_uri":"sip:wendy@${A}","contact":"sip:wendy@${PEER}:5060","local_contact":"sip:${A}:5060;transport=udp","watcher_domain":"${PEER}","watcher_user":"wendy","from_domain":"${PEER}","from_user":"wendy","to_domain":"${A}","to_user":"wendy","from_tag":"w","to_tag":"${toTag}","user_agent":"","callid":"w","reason":"","socket_info":"udp:${A}:5060","record_route":"","event_id":"","event":"message-summary","local_cseq":1,"remote_cseq":1,"expires":${epoch() + 600},"flags":0,"status":1,"version":1,"updated":-1,"updated_winfo":-1,"recv":${epoch()}}}`,
    );
    expect([a, b].map(watchers)).toEqual([1, 1]);
    await cluster.pass(10);
    expect(await subscribe(peer, B, 'wendy', { callId: 'w', toTag, cseq: 2 }, 300)).toContain('200 OK');
    // The next NOTIFY goes on counting.
    expect(/^CSeq: (\d+) NOTIFY/m.exec(peer.got.find((text) => text.startsWith('NOTIFY')) ?? '')?.[1]).toBe('3');
    expect(peer.told('presence').map((text) => /"expires":(\d+)/.exec(text)?.[1])).toEqual([String(epoch() + 300)]);
    await subscribe(peer, B, 'wendy', { callId: 'w', toTag, cseq: 3 }, 0);
    expect([a, b].map(watchers)).toEqual([0, 0]);
    expect(peer.told('presence').map((text) => /"expires":(\d+)/.exec(text)?.[1])).toEqual(['0']);
    expect(await subscribe(peer, A, 'wendy', { callId: 'w', toTag, cseq: 4 })).toMatch(/^SIP\/2\.0 481/);
  });

  it('a node that joins is told the subscriptions; a watcher that is gone is gone at all nodes', async () => {
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, [], lines({ enable_subs_dmq: 1 }));
    for (const user of ['u', 'v']) await subscribe(peer, A, user, { callId: user });
    const b = await cluster.node(B, A, [], lines({ enable_subs_dmq: 1 }));
    await cluster.pass(1);
    expect(watchers(b)).toBe(2);
    peer.list = null;
    await publish(peer, B, `u@${A}`, waiting('yes'));
    await cluster.pass(40);
    expect([a, b].map(watchers)).toEqual([1, 1]);
  });

  const subscription = () => ({
    pres_uri: `sip:wendy@${A}`,
    contact: `sip:wendy@${PEER}:5060`,
    local_contact: 'sip:10.0.0.5:5060',
    watcher_domain: PEER,
    watcher_user: 'wendy',
    from_domain: PEER,
    from_user: 'wendy',
    to_domain: A,
    to_user: 'wendy',
    from_tag: 'f',
    to_tag: 't',
    user_agent: '',
    callid: 'told',
    reason: '',
    socket_info: 'udp:10.0.0.5:5060',
    record_route: '',
    event_id: '',
    event: 'message-summary',
    local_cseq: 5,
    remote_cseq: 7,
    expires: epoch() + 600,
    flags: 0,
    status: 1,
    version: 5,
    updated: -1,
    updated_winfo: -1,
    recv: epoch(),
  });
  const sub = (more: object = {}) => ({ action: 3, subscription: { ...subscription(), ...more } });

  it.each([
    ['', '', 'sip:10.0.0.5:5060', A],
    ['udp:10.0.0.1:5070', 'sip:here', 'sip:here', `${A}:5070`],
  ])(
    'default_socket "%s", server_address "%s": where NOTIFYs of a subscription told leave from',
    async (socket, address, contact, via) => {
      const peer = await cluster.peer(PEER, '');
      const set = { default_socket: socket, server_address: address };
      await cluster.node(A, null, [], lines(set, `listen=udp:${A}:5070`));
      expect(await peer.tell(A, 'presence', sub())).toBe(200);
      await publish(peer, A, 'wendy', waiting('yes'));
      const notify = peer.got.find((text) => text.startsWith('NOTIFY')) ?? '';
      expect(notify).toContain(`Contact: <${contact}>`);
      expect(notify).toContain(`Via: SIP/2.0/UDP ${via};`);
      expect(notify).toContain('CSeq: 7 NOTIFY');
      expect(notify).toContain(`Subscription-State: active;expires=600`);
    },
  );

  it('what another node tells of a subscription is taken, or refused', async () => {
    const peer = await cluster.peer(PEER, '');
    const a = await cluster.node(A, null, [], lines());
    const rows: readonly (readonly [what: object, status: number, watchers: number])[] = [
      [sub(), 200, 1],
      [sub({ expires: 0, recv: epoch() - 1 }), 200, 1],
      [sub({ expires: epoch() - 5, recv: epoch() + 1 }), 200, 0],
      [sub(), 200, 1],
      [sub({ to_tag: 'again' }), 200, 1],
      [sub({ callid: 'other' }), 200, 2],
      [sub({ callid: 'other', expires: 0 }), 200, 1],
      [sub({ callid: 'none', expires: 0 }), 200, 1],
      [sub({ callid: 'more', extra: 1 }), 200, 2],
      [sub({ callid: '' }), 400, 2],
      [sub({ callid: 'x'.repeat(1_001) }), 400, 2],
      [sub({ callid: 'c', contact: 'sip:a@b>\r\nX-Evil: <' }), 400, 2],
      [sub({ callid: 'c', record_route: 'x'.repeat(4_097) }), 400, 2],
      [sub({ callid: 'c', status: 9 }), 400, 2],
      [sub({ callid: 'c', event: 'nothing' }), 400, 2],
      [{ action: 3, subscription: [] }, 400, 2],
      [{ action: 3 }, 500, 2],
      [{ action: 4 }, 200, 2],
      [{ action: 1, presentity: { domain: A, user: 'a\r\nb', etag: 'e', event: 'message-summary' } }, 400, 2],
      [{ action: 1, presentity: { domain: A, user: 'a', etag: 'e\r\nb', event: 'message-summary' } }, 400, 2],
      // Longer than a SUBSCRIBE may ask for: until max_expires.
      [sub({ callid: 'long', expires: 4_000_000_000 }), 200, 3],
    ];
    const seen: [number, unknown][] = [];
    for (const [what] of rows) seen.push([await peer.tell(A, 'presence', what), watchers(a)]);
    expect(seen).toEqual(rows.map(([, status, count]) => [status, count]));
    // Asked for, and not by `enable_subs_dmq`: what there is is told to who asks.
    expect(peer.told('presence')).toEqual([]);
    await joined(peer, A);
    await peer.tell(A, 'presence', { action: 4 });
    const told = peer
      .told('presence')
      .map((text) => JSON.parse(text) as { subscription: { callid: string; expires: number } });
    const until = new Map(told.map(({ subscription: { callid, expires } }) => [callid, expires - epoch()]));
    expect([...until.keys()].sort()).toEqual(['long', 'more', 'told']);
    expect(until.get('long')).toBeLessThanOrEqual(3600);
  });
});
