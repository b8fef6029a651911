import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Databases, type ListenSocket, type ServerApi, XavpRecord } from '../../runtime/sdk/index.js';
import { databasesWith, makeSqlite, type TestFolder, temporaryFolder } from '../../test/support/databases.js';
import { type ContactInfo, DbState } from './contact.js';
import { Location } from './location.js';
import { DbMode, Persistence, type PersistenceSettings } from './persistence.js';
import { type ColumnName, columnNames, fromRow, splitAor } from './rows.js';

const columns = Object.fromEntries(columnNames.map((name) => [name, name === 'user' ? 'username' : name])) as Record<
  ColumnName,
  string
>;
const plain: PersistenceSettings = {
  mode: DbMode.writeThrough, columns, useDomain: false, numericTimes: false, nulls: false, serverIdFilter: false,
  skipRemoteSocket: false, insertUpdate: false, updateAsInsert: false, checkUpdate: false, byRuid: true, cleansTcp: false,
  timerCleans: false, expiredDelaySec: 0, checksVersion: true, loads: true, keepsXavp: false,
}; // biome-ignore format: one record
const socket = { sockStr: 'udp:127.0.0.1:5060' } as ListenSocket;
const options = {
  matchingMode: 0, descTimeOrder: false, cseqDelay: 20, natFlag: 0, slots: 1024, dropsLost: false, closesExpired: false,
}; // biome-ignore format: one record

let folder: TestFolder;
let databases: Databases;
beforeAll(async () => {
  folder = temporaryFolder();
  databases = await databasesWith(['db_sqlite']);
});
afterAll(async () => {
  await databases.close();
  folder.remove();
});

let count = 0;
const now = 1_790_000_000;
/** A location on a database file; with `url` one that another has written. */
async function world(more: Partial<PersistenceSettings> = {}, url?: string) {
  const time = { now };
  const at = url ?? (await makeSqlite(join(folder.path, `${++count}.db`), ['standard', 'usrloc']));
  const db = await databases.open(at, 'test');
  const log: string[] = [];
  const server = {
    transports: { sockets: [socket] },
    settings: { values: { server_id: 1 } },
    log: (_level: number, _source: string, text: string) => void log.push(text),
  } as unknown as ServerApi;
  const location = new Location(options, () => time.now);
  const persistence = new Persistence({ ...plain, ...more }, db, location, server);
  location.listeners.push((event, contact, domain) => persistence.changed(event, contact, domain));
  const domain = location.domain('location');
  await persistence.open(domain);
  const rows = async () => (await db.query('location', { order: ['id'] })).records();
  return { time, location, domain, persistence, db, url: at, rows, log };
}
const info = (more: Partial<ContactInfo> = {}): ContactInfo => ({
  uri: 'sip:bob@10.0.0.1', received: '', path: '', expires: now + 600, q: 500, callId: 'c1', cseq: 1, flags: 0, cflags: 0,
  userAgent: 'ua', socket, methods: 0xffff_ffff, instance: '', regId: 0, serverId: 1, connectionId: -1, ruid: 'r1',
  lastModified: now, xavp: null, ...more,
}); // biome-ignore format: one record

describe('write-through', () => {
  it('writes what changes, and a server that starts later has it', async () => {
    const w = await world();
    const record = w.domain.getOrCreate('bob');
    const contact = w.domain.insert(record, info({ path: '<sip:p;lr>', methods: 5, instance: '<urn:x>', regId: 2 }));
    w.domain.insert(record, info({ uri: 'sip:gone@x', ruid: 'r2' }));
    await w.persistence.finish();
    expect(contact.dbState).toBe(DbState.synced);
    w.domain.update(record, contact, info({ cseq: 2, expires: now + 900, path: '', instance: '<urn:x>', regId: 2 }));
    w.domain.remove(record, record.contacts[1] ?? contact);
    await w.persistence.finish();
    const [row, ...others] = await w.rows();
    expect(others).toEqual([]);
    // SQLite keeps a DATETIME as a fraction of a day, which may read a second less.
    expect([now + 899, now + 900]).toContain(row?.expires);
    expect(row).toMatchObject({
      username: 'bob', domain: null, contact: 'sip:bob@10.0.0.1', q: 0.5, callid: 'c1', cseq: 2, path: null,
      socket: 'udp:127.0.0.1:5060', methods: null, ruid: 'r1', instance: '<urn:x>', reg_id: 2, server_id: 1, connection_id: -1,
      keepalive: 0, partition: 0, user_agent: 'ua', received: null, flags: 0, cflags: 0,
    }); // biome-ignore format: one row
    const later = await world({}, w.url);
    const read = later.domain.get('bob')?.contacts[0];
    expect(read).toMatchObject({
      uri: 'sip:bob@10.0.0.1',
      cseq: 2,
      q: 500,
      methods: 0xffff_ffff,
      regId: 2,
      ruid: 'r1',
      socket,
    });
    expect(read?.dbState).toBe(DbState.synced);
  });

  it('what the database cannot hold is not made, and not tried again', async () => {
    const w = await world();
    const bad = w.domain.getOrCreate('gr\xfcn');
    w.domain.insert(bad, info());
    expect(await w.persistence.written(w.domain, 'gr\xfcn')).toBe(false);
    expect([w.domain.get('gr\xfcn'), w.domain.contactCount]).toEqual([null, 0]);
    const good = w.domain.getOrCreate('bob');
    const contact = w.domain.insert(good, info());
    await w.persistence.written(w.domain, 'bob');
    w.domain.update(good, contact, info({ cseq: 2, userAgent: 'B\xfcro' }));
    expect(await w.persistence.written(w.domain, 'bob')).toBe(false);
    await w.persistence.flush();
    expect([contact.cseq, (await w.rows())[0]?.cseq]).toEqual([2, 1]);
    w.domain.update(good, contact, info({ cseq: 3 }));
    expect([await w.persistence.written(w.domain, 'bob'), (await w.rows())[0]?.cseq]).toEqual([true, 3]);
  });

  it('does not write what is for memory only', async () => {
    const w = await world();
    w.domain.insert(w.domain.getOrCreate('bob'), info({ flags: 1 }));
    await w.persistence.finish();
    expect(await w.rows()).toEqual([]);
  });

  it('an expired contact goes from the table too', async () => {
    const w = await world();
    w.domain.insert(w.domain.getOrCreate('bob'), info());
    await w.persistence.finish();
    w.time.now = now + 700;
    w.location.collect();
    await w.persistence.finish();
    expect(await w.rows()).toEqual([]);
  });

  it('a write that failed is done at a later tick', async () => {
    const w = await world();
    await w.db.raw('ALTER TABLE location RENAME TO away');
    const contact = w.domain.insert(w.domain.getOrCreate('bob'), info());
    await w.persistence.finish();
    expect(contact.dbState).toBe(DbState.unsaved);
    await w.db.raw('ALTER TABLE away RENAME TO location');
    await w.persistence.flush();
    expect((await w.rows()).length).toBe(1);
  });
});

describe('write-back', () => {
  it('writes at the tick: one row for many changes, none for what came and went', async () => {
    const w = await world({ mode: DbMode.writeBack });
    const record = w.domain.getOrCreate('bob');
    const contact = w.domain.insert(record, info());
    const brief = w.domain.insert(record, info({ uri: 'sip:brief@x', ruid: 'r2' }));
    w.domain.update(record, contact, info({ cseq: 9 }));
    w.domain.remove(record, brief);
    expect(await w.rows()).toEqual([]);
    await w.persistence.flush();
    expect((await w.rows()).map((row) => row.cseq)).toEqual([9]);
    w.domain.remove(record, contact);
    expect((await w.rows()).length).toBe(1);
    await w.persistence.flush();
    expect(await w.rows()).toEqual([]);
  });
});

describe('settings', () => {
  it('read-only never writes', async () => {
    const w = await world();
    w.domain.insert(w.domain.getOrCreate('bob'), info());
    await w.persistence.finish();
    const reader = await world({ mode: DbMode.readOnly, loads: false }, w.url);
    expect(reader.domain.contactCount).toBe(1);
    reader.domain.delete('bob');
    await reader.persistence.finish();
    expect((await w.rows()).length).toBe(1);
  });
  it('use_domain, expires_type and db_insert_null', async () => {
    const w = await world({ useDomain: true, numericTimes: true, nulls: true });
    w.domain.insert(w.domain.getOrCreate('bob@example.com'), info());
    await w.persistence.finish();
    expect((await w.rows())[0]).toMatchObject({ username: 'bob', domain: 'example.com' });
  });
  it('server_id_filter and db_load', async () => {
    const w = await world();
    w.domain.insert(w.domain.getOrCreate('a'), info({ ruid: 'ra' }));
    w.domain.insert(w.domain.getOrCreate('b'), info({ ruid: 'rb', serverId: 2 }));
    await w.persistence.finish();
    const counts = [];
    for (const more of [{}, { serverIdFilter: true }, { loads: false }])
      counts.push((await world(more, w.url)).domain.contactCount);
    expect(counts).toEqual([2, 1, 0]);
  });
  it('db_check_update inserts where an update finds nothing', async () => {
    const w = await world({ checkUpdate: true });
    const record = w.domain.getOrCreate('bob');
    const contact = w.domain.insert(record, info());
    await w.persistence.finish();
    await w.db.delete('location', {});
    w.domain.update(record, contact, info({ cseq: 2 }));
    await w.persistence.finish();
    expect((await w.rows()).length).toBe(1);
  });
  it('db_insert_update takes over a row that is there', async () => {
    const w = await world({ insertUpdate: true, loads: false });
    await w.db.insert('location', { ruid: 'r1', username: 'old' });
    w.domain.insert(w.domain.getOrCreate('bob'), info());
    await w.persistence.finish();
    expect((await w.rows()).map((row) => row.username)).toEqual(['bob']);
  });
  it('db_timer_clean deletes rows that ran out', async () => {
    const w = await world({ timerCleans: true, loads: false });
    const other = await world({}, w.url);
    other.domain.insert(other.domain.getOrCreate('old'), info({ expires: now - 5, ruid: 'r8' }));
    other.domain.insert(other.domain.getOrCreate('forever'), info({ expires: 0, ruid: 'r9' }));
    await other.persistence.finish();
    expect([await w.persistence.count('location', 'users'), await w.persistence.count('location', 'expired')]).toEqual([
      1, 1,
    ]);
    await w.persistence.flush();
    expect((await w.rows()).map((row) => row.ruid)).toEqual(['r9']);
  });
  it('a table of another version is refused', async () => {
    const w = await world();
    await w.db.update('version', { table_version: 6 }, { table_name: 'location' });
    await expect(world({}, w.url)).rejects.toThrow('has version 6, not 9');
    await expect(world({ checksVersion: false }, w.url)).resolves.toBeDefined();
  });
  it('xavp_contact is kept with the contact', async () => {
    const w = await world({ keepsXavp: true });
    const xavp = new XavpRecord();
    xavp.add('n', 7);
    xavp.add('t', 'text');
    const record = w.domain.getOrCreate('bob');
    const contact = w.domain.insert(record, info({ xavp }));
    await w.persistence.finish();
    const read = (await world({ keepsXavp: true }, w.url)).domain.get('bob')?.contacts[0]?.xavp;
    if (!(read instanceof XavpRecord)) throw new Error('no XAVP was read');
    expect([read.value('n'), read.value('t')]).toEqual([7, 'text']);
    w.domain.remove(record, contact);
    await w.persistence.finish();
    expect((await w.db.query('location_attrs')).rows).toEqual([]);
  });
});

describe('rows', () => {
  const row = {
    username: 'bob',
    contact: 'sip:b@x',
    callid: 'c',
    expires: 5,
    socket: 'udp:192.0.2.1:5060',
    domain: 'd',
  };
  it.each([
    [{}, false, 'bob'],
    [{ username: '' }, false, 'no user'],
    [{ contact: null }, false, 'no contact'],
    [{ callid: '' }, false, 'no Call-ID'],
    [{ expires: null }, false, 'no time'],
    [{}, true, 'remote socket'],
  ])('%j', (change, skip, result) => {
    const loaded = fromRow({ ...row, ...change }, plain, () => null, skip);
    expect(typeof loaded === 'string' ? loaded : loaded.aor).toBe(result);
  });
  it.each([
    ['bob@x', true, { user: 'bob', domain: 'x' }],
    ['x', true, { user: '', domain: 'x' }],
    ['bob', false, { user: 'bob', domain: null }],
  ])('%s, use_domain %s', (aor, useDomain, parts) => expect(splitAor(aor, useDomain)).toEqual(parts));
});

describe('the database only', () => {
  const only = { mode: DbMode.only } as const;
  const held = async (w: Awaited<ReturnType<typeof world>>, aor: string) => {
    const holding = w.persistence.hold(w.domain, aor);
    if (holding === null) throw new Error('not held');
    return holding;
  };

  it('a record is read for who holds it, written when it is let go, and not kept', async () => {
    const w = await world(only);
    const first = await held(w, 'bob');
    w.domain.insert(w.domain.getOrCreate('bob'), info());
    expect(await first.release()).toBe(true);
    expect([w.domain.get('bob'), w.domain.contactCount, (await w.rows()).length]).toEqual([null, 0, 1]);
    const second = await held(w, 'bob');
    const record = w.domain.get('bob');
    expect(record?.contacts.map(({ uri }) => uri)).toEqual(['sip:bob@10.0.0.1']);
    w.domain.delete('bob');
    expect([await second.release(), await w.rows()]).toEqual([true, []]);
  });

  it('rm_expired_delay: a row that ran out stays for a while', async () => {
    const w = await world({ ...only, expiredDelaySec: 30 });
    const holding = await held(w, 'bob');
    w.domain.insert(w.domain.getOrCreate('bob'), info({ expires: now + 10 }));
    await holding.release();
    const left = async (sec: number) => {
      w.time.now = now + sec;
      await w.persistence.flush();
      return (await w.rows()).length;
    };
    expect([await left(10), await left(40), await left(41)]).toEqual([1, 1, 0]);
  });

  it('one at a time has a record; others are not waited for', async () => {
    const w = await world(only);
    const order: string[] = [];
    const work = async (aor: string, name: string, wait: Promise<unknown>) => {
      const mine = await held(w, aor);
      order.push(`${name} in`);
      await wait;
      order.push(`${name} out`);
      await mine.release();
    };
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const all = [work('bob', 'one', gate), work('bob', 'two', Promise.resolve())];
    await work('alice', 'other', Promise.resolve());
    go();
    await Promise.all(all);
    expect(order.filter((step) => !step.startsWith('other'))).toEqual(['one in', 'one out', 'two in', 'two out']);
    expect(order.indexOf('other out')).toBeLessThan(order.indexOf('one out'));
  });

  it('what cannot be written is told, and given up', async () => {
    const w = await world(only);
    const mine = await held(w, 'bob');
    await w.db.raw('DROP TABLE location');
    w.domain.insert(w.domain.getOrCreate('bob'), info());
    expect([await mine.release(), w.domain.get('bob')]).toEqual([false, null]);
    await expect(held(w, 'bob')).rejects.toThrow('location');
    await expect(held(w, 'bob')).rejects.toThrow('location');
  });

  it('write-through: who asks hears when it is written', async () => {
    const w = await world();
    expect(w.persistence.written(w.domain, 'bob')).toBeNull();
    w.domain.insert(w.domain.getOrCreate('bob'), info());
    expect(w.persistence.written(w.domain, 'alice')).toBeNull();
    await w.persistence.written(w.domain, 'bob');
    expect((await w.rows()).length).toBe(1);
    w.domain.delete('bob');
    await w.persistence.written(w.domain, 'bob');
    expect([await w.rows(), w.persistence.hold(w.domain, 'bob')]).toEqual([[], null]);
  });
});
