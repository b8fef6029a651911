import { describe, expect, it, test } from 'vitest';
import type { Database, DbRow, ServerApi } from '../../runtime/sdk/index.js';
import { CallRecords, type CdrSettings, type DialogApi, parseTime, timeText } from './cdr.js';
import { InTurn } from './in-turn.js';

const plain: CdrSettings = {
  logged: true, level: 1, startsConfirmed: false, expiredToo: false, failedToo: true, skip: '', start: 'start_time', end: 'end_time',
  duration: 'duration', precision: 1, extra: [], nullable: false, table: 'acc_cdrs', delayed: false, utcWords: true,
}; // biome-ignore format: one record
const pv = (name: string) => ({ name: `$dlg_var(${name})`, get: () => null, set: null });

function world(more: Partial<CdrSettings> = {}) {
  const clock = { at: 1_700_000_000_250 };
  const lines: string[] = [];
  const rows: DbRow[] = [];
  const vars = new Map<string, string>();
  const dialog = { get: (key: string) => vars.get(key) ?? null };
  let told: Parameters<DialogApi['listen']>[0] | null = null;
  const server = {
    env: { clock: { now: () => clock.at } },
    log: (_level: number, _source: string, text: string) => void lines.push(text),
  } as unknown as ServerApi;
  const dialogs = {
    listen: (listener) => {
      told = listener;
    },
    set: (_dialog, key, value) => (value === null ? vars.delete(key) : vars.set(key, value).has(key)),
    give: () => {},
  } satisfies DialogApi;
  const db = {
    insert: (_table: string, row: DbRow) => {
      rows.push(row);
      return Promise.resolve();
    },
  } as unknown as Database;
  new CallRecords({ ...plain, ...more }, server, dialogs, db, new InTurn()).watch();
  if (told === null) throw new TypeError('nobody listens');
  return { clock, lines, rows, vars, dialog, told: told as Parameters<DialogApi['listen']>[0] };
}

test.each([
  [0, '1700000000.0', 1_700_000_000_000],
  [1, '1700000000.250', 1_700_000_000_250],
  [2, '1700000000.250000', 1_700_000_000_250],
])('cdr_duration_mode %d', (mode, text, ms) => {
  expect(timeText(1_700_000_000_250, mode)).toBe(text);
  expect(parseTime(text)).toBe(ms);
});

describe('call detail records', () => {
  it.each([0, 1, 1_700_000_000_007])('the time %d, there and back', (ms) => expect(parseTime(timeText(ms))).toBe(ms));
  it.each([null, '', '1', '1.2', 'x.123', '1.1234'])('%j is no time', (text) => expect(parseTime(text)).toBeNull());

  it('a call the server ended has a record with cdr_expired_dlg_enable only', () => {
    for (const expiredToo of [false, true]) {
      const w = world({
        expiredToo,
        extra: [
          { name: 'who', pv: pv('caller') },
          { name: 'what', pv: { ...pv('x'), name: '$rm' } },
        ],
      });
      w.told.created(w.dialog);
      w.vars.set('caller', 'alice');
      w.clock.at += 61_500;
      w.told.terminated(w.dialog);
      w.told.terminationConfirmed(w.dialog, null);
      const line = 'start_time=1700000000.250; end_time=1700000061.750; duration=61.500; who=alice; what=';
      expect(w.lines).toEqual(expiredToo ? [line] : []);
      const row = {
        start_time: '2023-11-14 22:13:20',
        end_time: '2023-11-14 22:14:21',
        duration: 61.5,
        who: 'alice',
        what: '',
      };
      expect(w.rows).toEqual(expiredToo ? [row] : []);
    }
  });
  it('a forgotten call keeps the duration 0, one that was confirmed gets its own', () => {
    const w = world({ expiredToo: true, nullable: true, extra: [{ name: 'who', pv: pv('caller') }] });
    w.told.created(w.dialog);
    w.clock.at += 5000;
    w.told.expired(w.dialog, false);
    w.told.expired(w.dialog, true);
    expect(w.rows.map(({ duration, who }) => [duration, who])).toEqual([[0, null], [5, null]]); // biome-ignore format: pairs
  });
  it('the variable of cdr_skip; start at the ACK', () => {
    const w = world({ expiredToo: true, skip: 'nocdr', startsConfirmed: true });
    w.told.created(w.dialog);
    w.clock.at += 5000;
    w.told.confirmed(w.dialog);
    w.clock.at += 1000;
    w.told.expired(w.dialog, true);
    expect(w.rows.map(({ duration }) => duration)).toEqual([1]);
    w.vars.set('nocdr', '');
    w.told.expired(w.dialog, true);
    expect(w.rows).toHaveLength(1);
  });
});
