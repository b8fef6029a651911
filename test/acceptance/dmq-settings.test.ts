/** Settings of the modules that are nodes of a cluster (dmq): what each changes in what is told, and in what is made of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { channelOf, fieldIn, type Node, nodeLine, type Peer, SimulatedCluster } from '../support/cluster.js';

const [A, PEER] = ['10.0.0.1', '10.0.0.9'];
const kdmq = 'if ($rm == "KDMQ") dmq_handle_message();';
type Params = Readonly<Record<string, string | number>>;
const paramsOf = (module: string, params: Params) =>
  Object.entries(params)
    .map(([name, value]) => `modparam("${module}", "${name}", ${typeof value === 'number' ? value : `"${value}"`})\n`)
    .join('');

let cluster = new SimulatedCluster();
afterEach(async () => {
  await cluster.stop();
  cluster = new SimulatedCluster();
});
const joined = async (peer: Peer, node: Node) => {
  await peer.tell(node.ip, 'notification_peer', nodeLine(PEER));
  await cluster.pass(1);
  peer.got.splice(0);
};

describe('dmq_usrloc', () => {
  const lines = (params: Params, more = '') => `listen=udp:${A}:5070 name "second"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "dmq_usrloc.so"
modparam("usrloc", "timer_interval", 10)
modparam("dmq_usrloc", "enable", 1)
${paramsOf('dmq_usrloc', params)}
${more}
request_route {
  ${kdmq}
  if ($rm == "REGISTER") save("location");
  else save("contacts");
}`;
  const open = async (params: Params): Promise<{ peer: Peer; node: Node }> => {
    const peer = await cluster.peer(PEER, '');
    const node = await cluster.node(A, null, [], lines(params));
    await joined(peer, node);
    return { peer, node };
  };
  const register = (peer: Peer, user: string, expires = 600, port = 5060) =>
    peer.ask(A, 'REGISTER', user, { lines: [`Expires: ${expires}`], callId: user, cseq: expires === 0 ? 2 : 1, port });
  const contact = (more: object = {}) => ({
    action: 1,
    aor: 'told',
    ruid: 'r-1',
    c: 'sip:told@10.0.0.8',
    received: '',
    path: '',
    callid: 'told',
    user_agent: '',
    instance: '',
    expires: Math.floor(cluster.world.clock.now() / 1000) + 600,
    cseq: 1,
    flags: 0,
    cflags: 3,
    q: -1,
    last_modified: 1,
    methods: 0,
    reg_id: 0,
    server_id: 0,
    ...more,
  });
  /** A field of the contact, as ul.lookup shows it. */
  const shown = async ({ rpc }: Node, table: string, field: string) => {
    const record = await rpc('ul.lookup', table, 'told');
    const find = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(find).find((one) => one !== undefined);
      if (typeof value !== 'object' || value === null) return undefined;
      return fieldIn(value, field) ?? find(Object.values(value));
    };
    return Array.isArray(record) ? find(record) : record;
  };
  const actions = (peer: Peer) => peer.told('usrloc').map((text) => (JSON.parse(text) as { action: number }).action);

  it.each([
    [1, ['{"action":3}']],
    [0, []],
  ])('sync %d: the others are asked for their contacts', async (sync, asked) => {
    const peer = await cluster.peer(PEER, nodeLine(PEER));
    await cluster.node(A, PEER, [], lines({}, `modparam("dmq_usrloc", "sync", ${sync})`));
    expect(peer.told('usrloc')).toEqual(asked);
  });

  it('usrloc_domain, dmq_peer_id: the table, and the channel', async () => {
    const { peer, node } = await open({ usrloc_domain: 'contacts', dmq_peer_id: 'where' });
    expect(await peer.tell(A, 'usrloc', contact())).toBe(404);
    expect(await peer.tell(A, 'where', contact())).toBe(200);
    expect(await shown(node, 'contacts', 'Address')).toBe('sip:told@10.0.0.8');
    expect(await shown(node, 'location', 'Address')).toBe('AOR not found in location table');
    await register(peer, 'here');
    expect(peer.got.filter((text) => channelOf(text) !== '').map(channelOf)).toContain('where');
  });

  it.each([
    [0, undefined, undefined, '[not set]'],
    [1, `udp:${A}:5070`, undefined, `udp:${A}:5070`],
    [2, undefined, 'second', `udp:${A}:5070`],
    [3, undefined, undefined, `udp:${A}:5060`],
  ])('replicate_socket_info %d', async (mode, sock, sockname, taken) => {
    const { peer, node } = await open({ replicate_socket_info: mode });
    await register(peer, 'here', 600, 5070);
    const told = JSON.parse(peer.told('usrloc')[0] ?? '{}') as Record<string, unknown>;
    expect([told.sock, told.sockname]).toEqual([sock, sockname]);
    await peer.tell(A, 'usrloc', contact({ sock: `udp:${A}:5070`, sockname: 'second' }));
    expect(await shown(node, 'location', 'Socket')).toBe(taken);
  });

  it.each([
    [0, 0],
    [1, 3],
    [5, 5],
  ])('replicate_cflags %d: branch flags of a contact told', async (mode, flags) => {
    const { peer, node } = await open({ replicate_cflags: mode });
    await peer.tell(A, 'usrloc', contact());
    expect(await shown(node, 'location', 'CFlags')).toBe(flags);
  });

  it.each([
    [{}, [1, 2, 1]],
    [{ usrloc_delete: 0 }, [1, 1]],
    [{ usrloc_delete_expired: 1 }, [1, 2, 1, 2]],
    [{ usrloc_delete: 0, usrloc_delete_expired: 1 }, [1, 1, 2]],
  ])('a contact is removed, another runs out: %j', async (params, told) => {
    const { peer } = await open(params);
    await register(peer, 'removed');
    await register(peer, 'removed', 0);
    await register(peer, 'out', 60);
    await cluster.pass(100);
    expect(actions(peer)).toEqual(told);
  });

  it.each([
    [{}, [1, 1, 1, 1, 1]],
    [{ batch_msg_contacts: 2 }, [2, 2, 1]],
    [{ batch_msg_contacts: 4, batch_msg_size: 700 }, [2, 2, 1]],
    [{ batch_msg_contacts: 4, batch_msg_size: 10 }, [1, 1, 1, 1, 1]],
  ])('contacts in a message, for a node that asks for all: %j', async (params, groups) => {
    const { peer } = await open(params);
    for (let i = 0; i < 5; i++) await register(peer, `user${i}`);
    peer.got.splice(0);
    await peer.tell(A, 'usrloc', { action: 3 });
    await cluster.pass(1);
    const bodies = peer.told('usrloc').map((text) => JSON.parse(text) as { multi?: object });
    expect(bodies.map(({ multi }) => (multi === undefined ? 1 : Object.keys(multi).length))).toEqual(groups);
  });

  it.each([
    [{ batch_size: 2, batch_usleep: 1_000_000 }, [2, 4, 5]],
    [{ batch_size: 2 }, [5, 5, 5]],
    [{ batch_usleep: 1_000_000 }, [5, 5, 5]],
  ])('pauses between them: %j', async (params, sent) => {
    const { peer } = await open(params);
    for (let i = 0; i < 5; i++) await register(peer, `user${i}`);
    peer.got.splice(0);
    await peer.tell(A, 'usrloc', { action: 3 });
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      counts.push(peer.got.filter((text) => channelOf(text) === 'usrloc').length);
      await cluster.pass(1);
    }
    expect(counts).toEqual(sent);
  });
});

describe('dialog', () => {
  const lines = (params: Params) => `loadmodule "dialog.so"
modparam("dialog", "enable_dmq", 1)
modparam("dialog", "hash_size", 1)
modparam("dialog", "ka_timer", 1)
modparam("dialog", "ka_interval", 30)
${paramsOf('dialog', params)}
request_route {
  ${kdmq}
  if ($rm == "CANCEL") {
    is_known_dlg();
    xlog("L_ERR", "[$dlg_ctx(dir)]\\n");
    exit;
  }
  dlg_manage();
  dlg_set_property("ka-dst");
  $du = "sip:${PEER}:5060";
  t_relay();
}`;
  const told = {
    action: 1,
    h_entry: 0,
    h_id: 7000,
    init_ts: 1,
    callid: 'told',
    from_uri: 'sip:a@b',
    to_uri: 'sip:b@b',
    req_uri: 'sip:b@b',
    state: 4,
    start_ts: 1,
    lifetime: 600,
    tag1: 'a',
    tag2: 'b',
    cseq1: '1',
    cseq2: '1',
    route_set1: '',
    route_set2: '',
    contact1: `sip:caller@${PEER}:5060`,
    contact2: `sip:callee@${PEER}:5060`,
  };

  it.each([
    [0, undefined, []],
    [1, 4, ['caller', 'callee']],
  ])('enable_dmq_ka_iflags_sync %d: keepalives of a call told', async (sync, iflags, kept) => {
    const peer = await cluster.peer(PEER, '');
    const node = await cluster.node(A, null, [], lines({ enable_dmq_ka_iflags_sync: sync, dmq_peer_id: 'calls' }));
    await joined(peer, node);
    await peer.ask(A, 'INVITE', 'x');
    const [made] = peer.told('calls').map((text) => JSON.parse(text) as { iflags?: number });
    expect(made?.iflags).toBe(iflags);
    expect(await peer.tell(A, 'dialog', told)).toBe(404);
    // Other bits are not taken over.
    expect(await peer.tell(A, 'calls', { ...told, iflags: 0xff })).toBe(200);
    await cluster.pass(35);
    const asked = peer.got.flatMap((text) => /^OPTIONS sip:(\w+)@/.exec(text)?.[1] ?? []);
    expect(asked.sort()).toEqual([...kept].sort());
  });

  it.each([
    [0, '[0]'],
    [1, '[1]'],
  ])('dlg_ctxiuid_mode %d: the dialog of the run of a CANCEL', async (mode, said) => {
    const peer = await cluster.peer(PEER, null);
    const node = await cluster.node(A, null, [], lines({ dlg_ctxiuid_mode: mode }));
    await peer.ask(A, 'INVITE', 'x', { callId: 'cancelled' });
    await peer.ask(A, 'CANCEL', 'x', { callId: 'cancelled' });
    expect(node.said()).toEqual([said]);
  });
});

it('htable: dmq_peer_id', async () => {
  const peer = await cluster.peer(PEER, '');
  const node = await cluster.node(
    A,
    null,
    ['htable'],
    `modparam("htable", "enable_dmq", 1)
modparam("htable", "dmq_peer_id", "tables")
modparam("htable", "htable", "t=>size=4;dmqreplicate=1;")
request_route { ${kdmq} }`,
  );
  await joined(peer, node);
  await node.rpc('htable.seti', 't', 'k', 5);
  await cluster.pass(0.1);
  const set = '{"action":2,"htname":"t","cname":"k","type":0,"intval":5,"mode":1}';
  expect(peer.told('tables')).toEqual([set]);
  expect(await peer.tell(A, 'tables', set)).toBe(200);
  expect(await peer.tell(A, 'htable', set)).toBe(404);
});

it('two modules on one channel are refused', async () => {
  const params = ['htable', 'dialog'].map((module) => paramsOf(module, { enable_dmq: 1, dmq_peer_id: 'one' }));
  await expect(
    cluster.node(A, null, ['htable', 'dialog'], `${params.join('')}request_route { ${kdmq} }`),
  ).rejects.toMatchObject({ code: 'SIPC8142' });
});

describe('dmq: server_socket', () => {
  const start = (socket: Params) =>
    cluster.node(
      A,
      PEER,
      [],
      `${paramsOf('dmq', { server_address: 'sip:node.example.com:5090', ...socket })}request_route { ${kdmq} }`,
      { 'node.example.com': { a: [A] } },
    );
  it('where the address is a name, the socket is named apart', async () => {
    const peer = await cluster.peer(PEER, nodeLine(PEER));
    await start({ server_socket: `udp:${A}:5060` });
    await cluster.pass(1);
    expect(peer.got[0]).toContain(`Via: SIP/2.0/UDP ${A};`);
    expect(peer.got[0]).toContain('From: <sip:notification_peer@node.example.com:5090>;');
    expect(peer.got[0]).toContain('\r\nsip:node.example.com:5090;status=active\r\n');
  });
  const wrong: readonly Params[] = [{}, { server_socket: 'udp:10.0.0.7:5060' }];
  it.each(wrong)('one that is not there is refused: %j', async (socket) => {
    await expect(start(socket)).rejects.toMatchObject({ code: 'SIPC8140' });
  });
});
