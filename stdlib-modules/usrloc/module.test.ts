import { describe, expect, it } from 'vitest';
import { type RpcArray, RpcCall, type RpcStruct, RuidSource, XavpRecord, XavpStore } from '../../runtime/sdk/index.js';
import type { ContactInfo } from './contact.js';
import { copyOf, insertAt } from './contact-xavp.js';
import { markOf } from './keepalive.js';
import { aorHash, Location } from './location.js';
import * as commands from './rpc.js';

const options = {
  matchingMode: 0,
  descTimeOrder: false,
  cseqDelay: 20,
  natFlag: 0,
  slots: 1024,
  dropsLost: false,
  closesExpired: false,
};
function world(more: Partial<typeof options> = {}) {
  const time = { now: 1000 };
  const location = new Location({ ...options, ...more }, () => time.now);
  const domain = location.domain('location');
  return { time, location, domain, record: domain.getOrCreate('bob') };
}
const info = (uri: string, more: Partial<ContactInfo> = {}): ContactInfo => ({
  uri, received: '', path: '', expires: 1600, q: -1, callId: 'c1', cseq: 1, flags: 0, cflags: 0, userAgent: 'ua',
  socket: null, methods: 1, instance: '', regId: 0, serverId: 0, connectionId: -1, ruid: 'r', lastModified: 1000, xavp: null, ...more,
}); // biome-ignore format: one record

describe('order of contacts', () => {
  const rows: [string, Partial<typeof options>, [string, number][], string][] = [
    ['equal q: as they came', {}, [['a', -1], ['b', -1], ['c', -1]], 'a b c'],
    ['higher q first', {}, [['a', 100], ['b', 900], ['c', 500]], 'b c a'],
    ['newest first', { descTimeOrder: true }, [['a', 100], ['b', 900], ['c', 500]], 'c b a'],
  ]; // biome-ignore format: rows
  it.each(rows)('%s', (_name, more, contacts, order) => {
    const { domain, record } = world(more);
    for (const [uri, q] of contacts) domain.insert(record, info(uri, { q }));
    expect(record.contacts.map((c) => c.uri).join(' ')).toBe(order);
  });
  it('a refresh with a higher q goes before the first that is not smaller, as Kamailio has it', () => {
    const { domain, record } = world();
    domain.insert(record, info('a', { q: 900 }));
    const b = domain.insert(record, info('b', { q: 500 }));
    domain.update(record, b, info('b', { q: 1000, cseq: 2 }));
    expect(record.contacts.map((c) => c.uri)).toEqual(['a', 'b']);
  });
});

describe('matching', () => {
  const known = { callId: 'c1', cseq: 5, path: '<sip:p;lr>' };
  const rows: [string, number, [string, string, string, number], string][] = [
    ['address, newer', 0, ['x', 'c1', '', 6], 'x'],
    ['address, same CSeq just now', 0, ['x', 'c1', '', 5], 'again'],
    ['address, older CSeq', 0, ['x', 'c1', '', 4], 'old'],
    ['address, other Call-ID', 0, ['x', 'c2', '', 1], 'x'],
    ['other address', 0, ['y', 'c1', '', 6], 'none'],
    ['Call-ID too', 1, ['x', 'c2', '', 6], 'none'],
    ['Path too', 2, ['x', 'c1', '<sip:q;lr>', 6], 'none'],
    ['no Path asked for', 2, ['x', 'c1', '', 6], 'x'],
    ['Call-ID only', 3, ['y', 'c1', '', 6], 'x'],
  ];
  it.each(rows)('%s', (_name, matchingMode, [uri, callId, path, cseq], result) => {
    const { domain, record } = world({ matchingMode });
    domain.insert(record, info('x', known));
    const found = domain.find(record, uri, callId, path, cseq);
    expect(typeof found === 'string' ? found : found.uri).toBe(result);
  });
  it('by instance and reg-id, brackets aside', () => {
    const { domain, record } = world();
    domain.insert(record, info('x', { instance: '<urn:uuid:1>', regId: 2 }));
    const found = domain.findInstance(record, 'y', info('y', { instance: 'urn:uuid:1', regId: 2 }));
    expect(typeof found === 'string' ? found : found.uri).toBe('x');
    expect(domain.findInstance(record, 'y', info('y', { instance: 'urn:uuid:1', regId: 1 }))).toBe('none');
  });
});

describe('expiry', () => {
  it('collects what has run out, and the record with its last contact', () => {
    const { domain, record, location, time } = world();
    domain.insert(record, info('a', { expires: 1100 }));
    domain.insert(record, info('b', { expires: 0 }));
    time.now = 1100;
    expect(location.collect()).toBe(1);
    expect(record.contacts.map((c) => c.uri)).toEqual(['b']);
    expect(domain).toMatchObject({ contactCount: 1, expiredCount: 1 });
    expect(location.users).toBe(1);
    domain.delete('bob');
    expect(location.users).toBe(0);
    expect(domain.contactCount).toBe(0);
  });
});

describe('ids', () => {
  it.each([['bob', 0x6e33c3]])('hash of %s', (aor, hash) => expect(aorHash(aor)).toBe(hash));
  it('ruid: the counter runs backwards', () => {
    const source = new RuidSource('uloc', 0x6b017df7, 0x3776, 0);
    let last = '';
    for (let i = 0; i < 0x12; i++) last = source.next();
    expect(last).toBe('uloc-6b017df7-3776-21');
  });
});

describe('commands', () => {
  const run = (command: (env: commands.RpcEnvironment, call: RpcCall) => void, params: RpcCall['params']) => {
    const w = world();
    w.domain.insert(w.record, info('sip:b@1.1.1.1'));
    const env = {
      location: w.location,
      useDomain: false,
      caseSensitive: false,
      serverId: 0,
      nextRuid: () => 'r2',
      socket: () => null,
    };
    const call = new RpcCall('x', params, { strict: true });
    command(env, call);
    return { ...w, call };
  };
  it.each([
    ['no parameters', commands.lookup, [], 'Not enough parameters (table and AOR to lookup)'],
    ['no table', commands.lookup, ['nope', 'bob'], 'Domain table not found'],
    ['no such AOR', commands.lookup, ['location', 'al'], 'AOR not found in location table'],
    [
      'q as text',
      commands.add,
      ['location', 'al', 'sip:a@1', 5, 'x', '0', 0, 0, 1],
      'Not enough parameters or wrong format',
    ],
    ['contact unknown', commands.removeContact, ['location', 'bob', 'sip:z@1'], 'Contact not found'],
  ])('%s', (_name, command, params, text) => {
    expect(run(command, params).call.faulted?.text).toBe(text);
  });
  it('lookup shows the contacts; the AOR in any case', () => {
    const { call } = run(commands.lookup, ['location', 'BOB@example.com']);
    const top = call.results[0] as RpcStruct;
    expect(top.entries[0]).toEqual({ name: 'AoR', value: 'bob' });
    const list = top.entries[1]!.value as RpcArray;
    expect((list.items[0]!.value as RpcStruct).entries.slice(0, 2)).toEqual([
      { name: 'Address', value: 'sip:b@1.1.1.1' },
      { name: 'Expires', value: 600 },
    ]);
  });
  it('rm and rm_contact', () => {
    expect(run(commands.removeAor, ['location', 'bob']).domain.records.size).toBe(0);
    expect(run(commands.removeContact, ['location', 'bob', 'sip:b@1.1.1.1']).domain.records.size).toBe(0);
  });
});

describe('connections', () => {
  const withConnections = (more: Partial<typeof options>) => {
    const w = world(more);
    const open = new Set([7]);
    const closed: number[] = [];
    w.location.connections = { isOpen: (id) => open.has(id), close: (id) => void closed.push(id) };
    w.domain.insert(w.record, info('udp'));
    w.domain.insert(w.record, info('open', { connectionId: 7 }));
    w.domain.insert(w.record, info('lost', { connectionId: 8 }));
    return { ...w, closed, left: () => w.record.contacts.map((c) => c.uri).join(' ') };
  };
  it('handle_lost_tcp drops the contacts of connections that are gone', () => {
    const w = withConnections({ dropsLost: true });
    expect(w.location.collect()).toBe(1);
    expect(w.left()).toBe('udp open');
  });
  it('without it they stay until they expire', () => {
    const w = withConnections({});
    expect(w.location.collect()).toBe(0);
    w.time.now = 1600;
    expect(w.location.collect()).toBe(3);
    expect(w.closed).toEqual([]);
  });
  it('close_expired_tcp closes the connections of expired contacts', () => {
    const w = withConnections({ closesExpired: true });
    w.time.now = 1600;
    w.location.collect();
    expect(w.closed).toEqual([7, 8]);
  });
  it('tells of each record that has contacts left', () => {
    const w = withConnections({});
    w.domain.insert(w.domain.getOrCreate('gone'), info('x', { expires: 1001 }));
    w.time.now = 1100;
    const kept: string[] = [];
    w.location.collect((record) => kept.push(record.aor));
    expect(kept).toEqual(['bob']);
    expect(w.domain.get('gone')).toBeNull();
  });
});

describe('record ids', () => {
  it('finds them also after records came and went', () => {
    const { domain, record } = world();
    const a = domain.insert(record, info('a', { ruid: 'r1' }));
    expect(domain.byRuid(aorHash('bob'), 'r1')?.contact).toBe(a);
    const other = domain.getOrCreate('carol');
    const b = domain.insert(other, info('b', { ruid: 'r2' }));
    expect(domain.byRuid(aorHash('carol'), 'r2')?.contact).toBe(b);
    expect(domain.byRuid(aorHash('carol'), 'r1')).toBeNull();
    domain.delete('carol');
    expect(domain.byRuid(aorHash('carol'), 'r2')).toBeNull();
  });
});

describe('keepalive answers', () => {
  it.each([
    ['uloc-6b01-4e-1-4ad9fe6d-6b01ba94-f4240-1.2', { ruid: 'uloc-6b01-4e-1', hash: 0x4ad9_fe6d, sec: 0x6b01_ba94, usec: 1_000_000 }],
    ['short', null],
    ['uloc-xyz-6b01ba94-f4240-1.2', null],
    [`${'a'.repeat(300)}-1-2-3-4`, null],
  ])('%s', (tag, mark) => expect(markOf(tag)).toEqual(mark)); // biome-ignore format: rows
});

describe('xavp_contact', () => {
  const record = (...fields: [string, string | number | XavpRecord][]) => {
    const made = new XavpRecord();
    for (const [name, value] of fields) made.add(name, value);
    return made;
  };
  it('keeps plain values only', () => {
    const copy = copyOf(record(['a', 1], ['b', 'x'], ['a', 2], ['c', record(['d', 1])]));
    if (!(copy instanceof XavpRecord)) throw new Error('no record');
    expect([copy.all('a'), copy.all('b'), copy.all('c')]).toEqual([[2, 1], ['x'], []]);
    expect(copyOf(record(['c', record(['d', 1])]))).toBeNull();
    expect([copyOf('text'), copyOf(undefined)]).toEqual(['text', null]);
  });
  it('stands at the index of its branch', () => {
    const store = new XavpStore();
    insertAt(store, 'x', 2, record(['n', 2]));
    insertAt(store, 'x', 0, record(['n', 0]));
    insertAt(store, 'x', 1, record(['n', 1]));
    expect([0, 1, 2, 3].map((i) => store.record('x', i)?.value('n') ?? null)).toEqual([0, 1, 2, null]);
    insertAt(store, 'x', 1000, 'too far');
    expect(store.all('x')).toHaveLength(3);
  });
});
