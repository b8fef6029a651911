import { describe, expect, test } from 'vitest';
import { buildRequest } from '../../runtime/message/index.js';
import { fakeSocket, message } from '../../runtime/message/testing.js';
import { fakeRun, fakeSelf } from '../../test/support/fake-run.js';
import maxfwd from './module.js';

const out = { socket: fakeSocket(), proto: 'udp', hop: null, branchParam: 'z9hG4bK1' } as const;
const text = (line: string) =>
  `INVITE sip:b@c SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9\n${line}From: <sip:a@b>;tag=1\nTo: <sip:b@c>\nCall-ID: i\nCSeq: 1 INVITE\n\n`;

describe('maxfwd_process', () => {
  const rows: [line: string, max: number, verdict: number, sent: string | undefined][] = [
    ['Max-Forwards: 70\n', 10, 1, 'Max-Forwards: 69'],
    ['Max-Forwards: 255\n', 10, 1, 'Max-Forwards:  70'],
    // Kamailio writes over the digits in place.
    ['Max-Forwards: 10\n', 10, 1, 'Max-Forwards:  9'],
    ['Max-Forwards: 0068\n', 10, 1, 'Max-Forwards:   67'],
    ['Max-Forwards: 1\n', 10, 1, 'Max-Forwards: 0'],
    ['Max-Forwards: 0\n', 10, -1, 'Max-Forwards: 0'],
    ['Max-Forwards: x\n', 10, -2, 'Max-Forwards: x'],
    ['Max-Forwards: 70000\n', 10, 1, 'Max-Forwards:    70'],
    ['Max-Forwards: 100000\n', 10, -2, 'Max-Forwards: 100000'],
    ['', 10, 2, 'Max-Forwards: 10'],
    ['', 256, -1, undefined],
  ];
  test.each(rows)('%j with %d', (line, max, verdict, sent) => {
    const run = fakeRun(message(text(line)));
    expect(maxfwd.functions.maxfwd_process.run(fakeSelf({ max_limit: 70 }, run), run.ctx, max)).toBe(verdict);
    const lines = buildRequest(run.ctx.msg, run.ctx.draft, out).split('\r\n');
    expect(lines.find((l) => l.startsWith('Max-Forwards'))).toBe(sent);
  });
  test('twice counts twice', () => {
    const run = fakeRun(message(text('Max-Forwards: 2\n')));
    const call = () => maxfwd.functions.maxfwd_process.run(fakeSelf({ max_limit: 70 }, run), run.ctx, 10);
    expect([call(), call(), call()]).toEqual([1, 1, -1]);
    expect(buildRequest(run.ctx.msg, run.ctx.draft, out)).toContain('Max-Forwards: 0\r\n');
  });
});

describe('is_maxfwd_lt', () => {
  const rows: [line: string, max: number, verdict: number][] = [
    ['Max-Forwards: 5\n', 10, 1],
    ['Max-Forwards: 10\n', 10, -1],
    ['', 10, -2],
    ['Max-Forwards: x\n', 10, -3],
  ];
  test.each(rows)('%j < %d', (line, max, verdict) => {
    const run = fakeRun(message(text(line)));
    expect(maxfwd.functions.is_maxfwd_lt.run(fakeSelf({ max_limit: 70 }, run), run.ctx, max)).toBe(verdict);
  });
});
