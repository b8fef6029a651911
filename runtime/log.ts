/**
 * Where log records go: JSON lines on stdout through pino, or Kamailio's own line form on stderr (`log_stderror`, `-E`).
 *
 * Text is one-byte strings everywhere else; here, at the edge, it becomes characters. What our own layers write is
 * cleared of passwords; the cfg's own lines (`<script>`) are written as the cfg made them.
 */
import pino from 'pino';
import { LogBatch } from './env/log-batch.js';
import type { Log, LogLevel, LogRecord } from './env.js';

export const SCRIPT_SOURCE = '<script>';

/** Kamailio's words, from -5 up. */
const NAMES = ['ALERT', 'BUG', 'CRITICAL', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'] as const;
const PINO_LEVELS = ['fatal', 'fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'] as const;

/** Of a level, with `log_color`: those of Kamailio (dprint.c). */
const COLOURS = ['1;31', '1;35', '33', '34', '31', '35', '32', '36', '39'].map((code) => `\x1b[${code}m`);

export const levelName = (level: LogLevel): (typeof NAMES)[number] => NAMES[level + 5]!;

/** What both forms write to: pino's destination, or a test's array. */
export interface LogSink {
  write(text: string): unknown;
  flushSync?(): void;
}

export interface RunningLog extends Log {
  /** Before the process ends: nothing written is lost. */
  flush(): void;
}

/** JSON, one object a line: `{"level":"info","time":…,"source":"<script>","cfg":"kamailio.cfg:12","msg":"…"}`. */
export function jsonLog(level = 0, sink: LogSink = standardOutput()): RunningLog {
  const logger = pino(
    {
      level: 'debug',
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['password', 'ha1', 'db_url', '*.password', '*.ha1'], censor: '***' },
    },
    { write: (text: string) => void sink.write(text) },
  );
  return {
    level,
    levels: new Map(),
    write(record) {
      if (record.level > this.level && this.levels.size === 0) return;
      const { source, at, fields } = record;
      logger[PINO_LEVELS[record.level + 5]!]({ ...fields, source, cfg: at }, withoutEnd(cleared(record)));
    },
    flush: () => sink.flushSync?.(),
  };
}

function standardOutput(): LogSink {
  const batch = new LogBatch(pino.destination({ dest: 1, sync: false }));
  process.once('exit', () => batch.flushSync());
  return batch;
}

/** ` 0(4711) INFO: <script>: text`, as Kamailio writes to the terminal; `name` stands before it as its `-x` would. */
export function lineLog(
  level = 0,
  sink: LogSink = pino.destination({ dest: 2, sync: true }),
  inColour = false,
): RunningLog {
  const head = ` 0(${process.pid}) `;
  const colours = [...COLOURS];
  return {
    level,
    levels: new Map(),
    colour(of, sequence) {
      colours[of + 5] = sequence;
    },
    write(record) {
      if (record.level > this.level && this.levels.size === 0) return;
      const where = record.at !== undefined && record.source !== SCRIPT_SOURCE ? ` [${record.at}]` : '';
      const source = record.source === '' ? '' : `${record.source}${where}: `;
      const line = `${head}${record.levelName ?? levelName(record.level)}: ${source}${withoutEnd(cleared(record))}`;
      sink.write(inColour ? `${colours[record.level + 5]}${line}\n\x1b[0m` : `${line}\n`);
    },
    flush: () => sink.flushSync?.(),
  };
}

const withoutEnd = (text: string): string =>
  text.endsWith('\n') ? text.slice(0, text.endsWith('\r\n') ? -2 : -1) : text;

function cleared(record: LogRecord): string {
  const text = decodeText(record.text);
  return record.source === SCRIPT_SOURCE ? text : redact(text);
}

/** Bytes to characters where there are any that ASCII does not have; text that is no UTF-8 stays as it is. */
export function decodeText(bytes: string): string {
  let high = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes.charCodeAt(i);
    if (c > 0xff) return bytes;
    if (c > 0x7f) high = true;
  }
  if (!high) return bytes;
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

/** Passwords in URLs and the answers of digest credentials, which a dictionary can turn into passwords. */
export function redact(text: string): string {
  let cleaned = text;
  if (cleaned.includes('://')) cleaned = cleaned.replace(/(:\/\/[^\s:/@]{1,64}):[^\s@/]{1,256}@/g, '$1:***@');
  if (cleaned.includes('response=')) cleaned = cleaned.replace(/\b(response=)"?[0-9a-fA-F]{32,64}"?/g, '$1"***"');
  return cleaned;
}

/** The log of a process: lines on stderr until the cfg is read, then what cfg and command line ask for. */
export interface ProcessLog extends RunningLog {
  use(form: 'lines' | 'json', inColour?: boolean): void;
}
export function processLog(): ProcessLog {
  let target: RunningLog = lineLog();
  return {
    get level() {
      return target.level;
    },
    set level(level) {
      target.level = level;
    },
    get levels() {
      return target.levels;
    },
    set levels(levels) {
      target.levels = levels;
    },
    write: (record) => target.write(record),
    colour: (of, sequence) => target.colour?.(of, sequence),
    flush: () => target.flush(),
    use(form, inColour) {
      const { level, levels } = target;
      target.flush();
      target = form === 'json' ? jsonLog(level) : lineLog(level, undefined, inColour);
      target.levels = levels;
    },
  };
}
