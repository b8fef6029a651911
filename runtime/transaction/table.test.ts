import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { Draft } from '../message/draft.js';
import { message } from '../message/testing.js';
import { defaultTmSettings } from './settings.js';
import { TransactionTable } from './table.js';
import { Transaction } from './transaction.js';

interface Shape {
  readonly method?: string;
  readonly via?: string;
  readonly uri?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
}
const make = (s: Shape = {}) =>
  message(
    `${s.method ?? 'INVITE'} ${s.uri ?? 'sip:b@c'} SIP/2.0\nVia: SIP/2.0/UDP ${s.via ?? '10.0.0.2:5060;branch=z9hG4bK1'}\n` +
      `From: <sip:a@b>;tag=${s.from ?? 'f'}\nTo: <sip:b@c>${s.to ? `;tag=${s.to}` : ''}\nCall-ID: ${s.callId ?? 'i'}\n` +
      `CSeq: ${s.cseq ?? 1} ${s.method ?? 'INVITE'}\n\n`,
  );
const settings = defaultTmSettings();
function add(table: TransactionTable, shape: Shape = {}, label = 1): Transaction {
  const t = new Transaction({
    request: make(shape),
    draft: new Draft(),
    index: 7,
    label,
    md5: '0'.repeat(31) + label,
    values: {},
    createdAtMs: 0,
  });
  table.insert(t);
  return t;
}

describe('which transaction a request belongs to', () => {
  const old = '10.0.0.2:5060';
  const rows: readonly [string, Shape, Shape, 'found' | 'none'][] = [
    ['the same', {}, {}, 'found'],
    ['default port left out', {}, { via: '10.0.0.2;branch=z9hG4bK1' }, 'found'],
    ['another port', {}, { via: '10.0.0.2:5070;branch=z9hG4bK1' }, 'none'],
    ['another host', {}, { via: '10.0.0.9:5060;branch=z9hG4bK1' }, 'none'],
    ['another branch', {}, { via: '10.0.0.2:5060;branch=z9hG4bK2' }, 'none'],
    ['another Call-ID', {}, { callId: 'j' }, 'none'],
    ['another CSeq', {}, { cseq: 2 }, 'none'],
    ['another method', { method: 'BYE' }, { method: 'INFO' }, 'none'],
    ['RFC 2543: no cookie, all the same', { via: old }, { via: old }, 'found'],
    ['RFC 2543: another From', { via: old }, { via: old, from: 'g' }, 'none'],
    ['RFC 2543: another Request-URI', { via: old }, { via: old, uri: 'sip:x@c' }, 'none'],
    ['RFC 2543: another Via', { via: old }, { via: '10.0.0.9:5060' }, 'none'],
  ];
  it.each(rows)('%s', (_, first, second, expected) => {
    const table = new TransactionTable();
    const t = add(table, first);
    const match = table.ofRequest(make(second), settings);
    expect(match.kind).toBe(expected);
    expect(match.transaction).toBe(expected === 'found' ? t : null);
  });

  const acks: readonly [string, number, Partial<Transaction>, Shape, string][] = [
    ['a negative response: by the branch', 486, {}, { to: 'any' }, 'found'],
    ['a negative response, another branch', 486, {}, { via: '10.0.0.2;branch=z9hG4bKack' }, 'none'],
    [
      'a 2xx made here: by the dialog',
      200,
      { relayedBranch: -2, localToTag: 'ours' },
      { via: '10.0.0.2;branch=z9hG4bKack', to: 'ours' },
      'found',
    ],
    ['a 2xx made here, another tag', 200, { relayedBranch: -2, localToTag: 'ours' }, { to: 'other' }, 'none'],
    ['a 2xx passed on, nobody asks', 200, { relayedBranch: 0 }, { to: 'theirs' }, 'none'],
    [
      'a 2xx passed on, acc asks',
      200,
      { relayedBranch: 0, wantsAck: true },
      { via: '10.0.0.2;branch=z9hG4bKack', to: 'theirs' },
      'e2eAck',
    ],
  ];
  it.each(acks)('ACK to %s', (_, status, state, ack, expected) => {
    const table = new TransactionTable();
    const t = add(table);
    Object.assign(t, { status, ...state });
    t.forwardedToTags.push({ tag: 'theirs', acked: false });
    expect(table.ofRequest(make({ method: 'ACK', ...ack }), settings).kind).toBe(expected);
  });

  it('CANCEL: finds its INVITE, and an INVITE that comes after it knows', () => {
    const table = new TransactionTable();
    const cancel = add(table, { method: 'CANCEL' }, 1);
    expect(table.ofRequest(make(), settings)).toMatchObject({ kind: 'none', canceled: true });
    const invite = add(table, {}, 2);
    expect(table.canceledBy(cancel.request, settings)).toBe(invite);
    expect(table.canceledBy(make({ method: 'CANCEL', callId: 'other' }), settings)).toBeNull();
  });

  it('nothing is left when all are removed', () => {
    const table = new TransactionTable();
    const all = [add(table, {}, 1), add(table, { method: 'CANCEL' }, 2), add(table, { callId: 'x' }, 3)];
    expect(table.size).toBe(3);
    for (const t of all) table.remove(t);
    for (const t of all) table.remove(t);
    expect([table.size, table.byCall('i', 1).length, table.byIdent(7, 1)]).toEqual([0, 0, null]);
  });
});

describe('the mailbox', () => {
  it('runs one job at a time, in order, also after one that fails', async () => {
    const t = add(new TransactionTable());
    const done: string[] = [];
    const errors: unknown[] = [];
    t.onError = (error) => errors.push(error);
    let go: () => void = () => {};
    t.exclusively(() => new Promise<void>((resolve) => (go = resolve)).then(() => void done.push('first')));
    t.exclusively(() => void done.push('second'));
    t.exclusively(() => Promise.reject(new Error('third')));
    t.exclusively(() => {
      throw new Error('at once');
    });
    t.exclusively(() => void done.push('fourth'));
    expect(done).toEqual([]);
    go();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(done).toEqual(['first', 'second', 'fourth']);
    t.exclusively(() => void done.push('fifth'));
    expect(done).toHaveLength(4);
    expect(errors).toEqual([new Error('third'), new Error('at once')]);
  });

  it('runs a job in the asynchronous context of who brought it, not of the one before', async () => {
    const t = add(new TransactionTable());
    const message = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    let go: () => void = () => {};
    const job = async () => {
      seen.push(message.getStore());
      await Promise.resolve();
      seen.push(message.getStore());
    };
    message.run('first', () => t.exclusively(() => new Promise<void>((resolve) => (go = resolve))));
    message.run('second', () => t.exclusively(job));
    t.exclusively(job);
    go();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['second', 'second', undefined, undefined]);
  });
});
