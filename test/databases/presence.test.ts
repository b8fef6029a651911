/** The rows of presence, on each database server: one suite over the stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../runtime/db/database.js';
import type { Databases } from '../../runtime/db/databases.js';
import { createStatements, presenceGroups, type SchemaDialect, standardGroups } from '../../runtime/db/schema/ddl.js';
import { Packages } from '../../stdlib-modules/presence/events.js';
import { SubscriptionRows } from '../../stdlib-modules/presence/rows.js';
import {
  type PublishedState,
  StateRows,
  type StateStore,
  StatesInMemory,
} from '../../stdlib-modules/presence/states.js';
import { RowState, Status, type Subscription } from '../../stdlib-modules/presence/subscription.js';
import { createDatabase, databasesWith, describeWithServer, temporaryFolder } from '../support/databases.js';

const state = (more: Partial<PublishedState> = {}): PublishedState => ({
  user: 'alice',
  domain: 'here.test',
  event: 'presence',
  etag: 'e1',
  expires: 1000,
  receivedTime: 900,
  priority: 0,
  ruid: 'r1',
  sender: '',
  body: "<a>'gr\xc3\xbc\xc3\x9fe\\'</a>",
  ...more,
});

function stateLaws(open: () => StateStore): void {
  it('states are inserted, changed by their entity-tag, listed in order, found when they ran out, and removed', async () => {
    const states = open();
    await states.insert(state());
    await states.insert(state({ etag: 'e2', ruid: 'r2', receivedTime: 950, expires: 2000, body: 'two' }));
    await states.insert(state({ user: 'bob', etag: 'e3', ruid: 'r3' }));
    expect(await states.find(state())).toEqual(state());
    expect(await states.find(state({ etag: 'none' }))).toBeNull();
    expect(await states.change(state({ etag: 'none' }), { expires: 5 })).toBe(false);
    expect(await states.change(state(), { etag: 'e1.1', expires: 1500, receivedTime: 990, sender: 'sip:x' })).toBe(
      true,
    );
    const listed = await states.list('alice', 'here.test', 'presence', 1200);
    expect(listed.map(({ etag }) => etag).sort()).toEqual(['e1.1', 'e2']);
    expect(listed.find(({ etag }) => etag === 'e1.1')).toMatchObject({
      body: state().body,
      sender: 'sip:x',
      ruid: 'r1',
    });
    expect((await states.expired(1600)).map(({ etag }) => etag).sort()).toEqual(['e1.1', 'e3']);
    await states.replace(state({ etag: 'hard', ruid: 'r4', expires: -1 }));
    await states.replace(state({ etag: 'hard', ruid: 'r5', expires: -1, body: 'again' }));
    expect(await states.expired(9999)).toHaveLength(3);
    expect(await states.list('alice', 'here.test', 'presence', null)).toHaveLength(3);
    for (const etag of ['e1.1', 'e2', 'hard']) await states.remove(state({ etag }));
    expect(await states.list('alice', 'here.test', 'presence', null)).toEqual([]);
  });
}

function rowLaws(open: () => { readonly rows: SubscriptionRows; readonly subs: Subscription }): void {
  it('a subscription is written, read as it was, updated and deleted', async () => {
    const { rows, subs } = open();
    await rows.insert(subs, 5000, true);
    expect(await rows.find(subs)).toEqual({ ...subs, expires: 5000, bySubscribe: false, row: RowState.same });
    await rows.update({ ...subs, localCseq: 7, version: 8, remoteCseq: 9 }, 6000, { remote: true, local: true });
    expect(await rows.find(subs)).toMatchObject({ localCseq: 7, version: 8, remoteCseq: 9, expires: 6000 });
    await rows.writeBack({ ...subs, expires: 7000, status: Status.pending, reason: 'x' });
    expect(await rows.find(subs)).toMatchObject({ expires: 7000, status: Status.pending, reason: 'x' });
    expect(await rows.count(subs.presUri, 'presence')).toBe(1);
    expect(await rows.read([['expires', '<', 7000]])).toEqual([]);
    await rows.delete(subs);
    expect(await rows.find(subs)).toBeNull();
  });
  it('a watcher has one row, and is forgotten while nobody let it in', async () => {
    const { rows, subs } = open();
    await rows.addWatcher({ ...subs, status: Status.pending }, 100);
    await rows.addWatcher({ ...subs, status: Status.pending }, 200);
    expect(await rows.watchersOf(subs.presUri, 'presence')).toHaveLength(1);
    expect(await rows.watcher(subs)).toMatchObject({ status: Status.pending, reason: '' });
    await rows.forgetPending(150);
    const [known] = await rows.watchersOf(subs.presUri, 'presence', Status.pending);
    await rows.setWatcher(subs.presUri, 'presence', known!, Status.terminated, 'rejected');
    expect(await rows.watcher(subs)).toMatchObject({ status: Status.terminated, reason: 'rejected' });
    await rows.forgetPending(9999);
    expect(await rows.watchersOf(subs.presUri, 'presence')).toHaveLength(1);
  });
}

function onServer(
  module: string,
  dialect: SchemaDialect,
  open: () => { readonly url: string; readonly drop: () => void },
) {
  let databases: Databases;
  let db: Database;
  let made: ReturnType<typeof open>;
  beforeAll(async () => {
    made = open();
    databases = await databasesWith([module]);
    db = await databases.open(made.url, 'presence');
    for (const statement of createStatements(dialect, [...standardGroups, ...presenceGroups])) await db.raw(statement);
  });
  afterAll(async () => {
    await databases.close();
    made.drop();
  });
  stateLaws(() => new StateRows(db, 'presentity', 'received_time'));
  rowLaws(() => {
    const packages = new Packages();
    packages.add({ name: 'presence', contentType: 'application/pidf+xml', defaultExpires: 60 });
    const tables = { activeWatchers: 'active_watchers', watchers: 'watchers' };
    return { rows: new SubscriptionRows(db, tables, packages), subs: subscription(packages) };
  });
}
const subscription = (packages: Packages): Subscription => ({
  presUri: 'sip:alice@here.test',
  toUser: 'alice',
  toDomain: 'here.test',
  fromUser: 'bob',
  fromDomain: 'there.test',
  watcherUser: 'bob',
  watcherDomain: 'there.test',
  event: packages.named('presence')!,
  eventId: '',
  toTag: 't',
  fromTag: 'f',
  callId: "o'hara",
  sockInfo: 'udp:127.0.0.1:5060',
  localContact: 'sip:127.0.0.1:5060',
  contact: 'sip:bob@127.0.0.1',
  recordRoute: '',
  remoteCseq: 1,
  localCseq: 0,
  status: Status.active,
  reason: '',
  version: 1,
  expires: 60,
  flags: 3,
  userAgent: 'phone',
  rules: null,
  bySubscribe: true,
  row: RowState.writtenThrough,
  updated: -1,
  updatedWinfo: -1,
  receivedTime: 0,
});

describe('in memory', () => stateLaws(() => new StatesInMemory(false)));
describe('SQLite', () =>
  onServer('db_sqlite', 'sqlite', () => {
    const folder = temporaryFolder();
    return { url: `sqlite://${folder.path}/presence.db`, drop: () => folder.remove() };
  }));
await describeWithServer('mysql', 'MariaDB', () =>
  onServer('db_mysql', 'mysql', () => createDatabase('mysql', 'presence')),
);
await describeWithServer('postgres', 'PostgreSQL', () =>
  onServer('db_postgres', 'postgres', () => createDatabase('postgres', 'presence')),
);
