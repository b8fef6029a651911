import { describe, expect, it } from 'vitest';
import type { LogRecord } from './env.js';
import { decodeText, jsonLog, lineLog, redact } from './log.js';

const lines = () => {
  const text: string[] = [];
  return { text, write: (line: string) => void text.push(line) };
};
const utf8 = Buffer.from('Grüße', 'utf8').toString('latin1');

describe('log', () => {
  it.each<[LogRecord, string]>([
    [{ level: 2, source: '<script>', text: 'hello\n' }, 'INFO: <script>: hello\n'],
    [{ level: -1, source: 'tm', text: 'no', at: 'a.cfg:3' }, 'ERROR: tm [a.cfg:3]: no\n'],
    [{ level: 1, source: '<script>', text: 'x', at: 'a.cfg:3' }, 'NOTICE: <script>: x\n'],
    [{ level: -5, source: 'core', text: utf8 }, 'ALERT: core: Grüße\n'],
    [{ level: 2, source: 'db', text: 'mysql://sip:secret@host/x' }, 'INFO: db: mysql://sip:***@host/x\n'],
    [{ level: 2, source: '<script>', text: 'mysql://sip:mine@host/x' }, 'INFO: <script>: mysql://sip:mine@host/x\n'],
  ])('line form %#', (record, expected) => {
    const sink = lines();
    lineLog(3, sink).write(record);
    expect(sink.text).toEqual([` 0(${process.pid}) ${expected}`]);
  });

  it('colours lines by level, each log its own way', () => {
    const sink = lines();
    const log = lineLog(3, sink, true);
    log.colour?.(-1, '\u001b[1;32;49m');
    for (const level of [-1, 0] as const) log.write({ level, source: 'x', text: 'y' });
    lineLog(3, sink, true).write({ level: -1, source: 'x', text: 'y' });
    expect(sink.text.map((text) => text.slice(0, text.indexOf(' ')))).toEqual([
      '\u001b[1;32;49m',
      '\u001b[35m',
      '\u001b[31m',
    ]);
  });

  it('drops what is above the level, which may change', () => {
    for (const make of [lineLog, jsonLog]) {
      const sink = lines();
      const log = make(0, sink);
      log.write({ level: 1, source: 'x', text: 'no' });
      expect(sink.text).toHaveLength(0);
      log.level = 3;
      log.write({ level: 3, source: 'x', text: 'yes' });
      expect(sink.text).toHaveLength(1);
    }
  });

  it('JSON form', () => {
    const sink = lines();
    jsonLog(3, sink).write({
      level: -1,
      source: 'auth',
      text: `${utf8}\n`,
      at: 'k.cfg:9',
      fields: { password: 'x', n: 1 },
    });
    expect(JSON.parse(sink.text[0]!)).toMatchObject({
      level: 'error',
      source: 'auth',
      cfg: 'k.cfg:9',
      msg: 'Grüße',
      password: '***',
      n: 1,
    });
  });

  it.each([
    ['abc', 'abc'],
    [utf8, 'Grüße'],
    ['\xff\xfe', '\xff\xfe'],
    ['already ✓ text', 'already ✓ text'],
  ])('decodes %j', (bytes, text) => expect(decodeText(bytes)).toBe(text));

  it('hides digest answers', () => {
    const answer = '0123456789abcdef0123456789abcdef';
    expect(redact(`Authorization: Digest username="a", response="${answer}", x=1`)).not.toContain(answer);
  });
});
