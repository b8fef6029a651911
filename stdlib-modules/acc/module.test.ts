import { describe, expect, it } from 'vitest';
import { DbTime } from '../../runtime/sdk/index.js';
import { type AccRecord, logLine, outcome, parseLegs, rowsOf, splitComment, Title } from './record.js';

describe('records', () => {
  it.each([
    ['404 none', { code: '404', reason: 'none' }],
    ['no code', { code: '', reason: 'no code' }],
    ['200', { code: '200', reason: '' }],
  ])('comment %j', (text, parts) => expect(splitComment(text)).toEqual(parts));
  it('a response made here has the standard reason', () => {
    expect(outcome(null, 404, false)).toEqual({ code: '404', reason: 'Not Found' });
  });
});

describe('log lines', () => {
  const msg = { method: 'INVITE', from: { tag: 'ft' }, callId: 'c1' } as AccRecord['msg'];
  const record: AccRecord = {
    msg,
    toTag: 'tt',
    code: '200',
    reason: 'Fine',
    swapped: false,
    extra: [
      { name: 'src_user', value: 'al' },
      { name: 'none', value: null },
      { name: 'port', value: 5060 },
    ],
    legs: [],
  };
  const fields = ';method=INVITE;from_tag=ft;to_tag=tt;call_id=c1;code=200;reason=Fine;src_user=al;none=;port=5060';
  const time = { mode: 0, attribute: 'time_attr', extension: 'time_exten', format: '%Y-%m-%d %H:%M:%S' };
  it.each([
    [0, 'timestamp=1700000000'],
    [1, 'timestamp=1700000000;time_exten=250000'],
    [2, 'timestamp=1700000000;time_attr=1700000000.250'],
  ])('time_mode %d', (mode, stamp) =>
    expect(logLine(Title.answered, record, 1_700_000_000_250, { ...time, mode })).toBe(
      `ACC: transaction answered: ${stamp}${fields}`,
    ),
  );
  it('from the called side: the tags change places', () => {
    expect(logLine(Title.answered, { ...record, swapped: true }, 0, time)).toContain(';from_tag=tt;to_tag=ft;');
  });
  it('time_mode 3 and 4 are words', () => {
    expect(logLine(Title.request, record, 1_700_000_000_250, { ...time, mode: 4 })).toContain(
      'timestamp=1700000000;time_attr=2023-11-14 22:13:20;method',
    );
    expect(logLine(Title.request, record, 0, { ...time, mode: 3, format: 'x'.repeat(200) })).toContain(';time_attr=;');
  });
  it('legs follow the extra fields', () => {
    const legs = [[{ name: 'src', value: 'a' }], [{ name: 'src', value: null }]];
    expect(logLine(Title.request, { ...record, legs }, 0, time)).toMatch(/;port=5060;src=a;src=$/);
  });

  const columns = {
    method: 'method', fromTag: 'from_tag', toTag: 'to_tag', callId: 'callid', code: 'sip_code', reason: 'sip_reason', time: 'time',
  }; // biome-ignore format: one record
  const core = { method: 'INVITE', from_tag: 'ft', to_tag: 'tt', callid: 'c1', sip_code: '200', sip_reason: 'Fine' };
  const at = { time: new DbTime(1_700_000_000) };
  const extra = { src_user: 'al', none: '', port: '5060' };
  it.each([
    [0, false, { ...core, ...at, ...extra }],
    [0, true, { ...core, ...at, ...extra, none: null }],
    [1, false, { ...core, ...at, time_attr: 1_700_000_000, time_exten: 250_000, ...extra }],
    [2, false, { ...core, ...at, time_attr: 1_700_000_000.25, ...extra }],
    [4, false, { ...core, ...at, time_attr: '2023-11-14 22:13:20', ...extra }],
  ])('row with time_mode %d, nullable %s', (mode, nullable, row) =>
    expect(rowsOf(record, 1_700_000_000_250, columns, { ...time, mode }, nullable)).toEqual([row]),
  );
  it('a row for each leg', () => {
    const legs = ['a', 'b'].map((value) => [{ name: 'src', value }]);
    const rows = rowsOf({ ...record, legs }, 0, columns, time, false);
    expect(rows.map((row) => row.src)).toEqual(['a', 'b']);
  });
});

describe('multi_leg_info', () => {
  it.each([
    ['src=$avp(s:src);dst=$avp(dst)', [{ name: 'src', avp: 'src' }, { name: 'dst', avp: 'dst' }]],
    ['n = $avp(i:5) ;', [{ name: 'n', avp: '5' }]],
    ['src=$(avp(x))', [{ name: 'src', avp: 'x' }]],
    ['src=$var(x)', null],
    ['$avp(x)', null],
    ['', null],
  ])('%j', (text, legs) => expect(parseLegs(text)).toEqual(legs)); // biome-ignore format: rows
});
