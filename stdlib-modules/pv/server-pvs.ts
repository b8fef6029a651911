/** Pseudo-variables of time, of the server and its statistics. */
import { type RouteContext, strftime, type Value } from '../../runtime/sdk/index.js';
import { intPv, keyedPv, type PvMe, type PvTable, strPv } from './spec.js';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number) => String(n).padStart(2, '0');

/** As C's ctime(), without the line end. */
const ctime = (ms: number): string => {
  const t = new Date(ms);
  const day = String(t.getDate()).padStart(2, ' ');
  return `${days[t.getDay()]} ${months[t.getMonth()]} ${day} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())} ${t.getFullYear()}`;
};

const timeKeys = ['sec', 'min', 'hour', 'mday', 'mon', 'year', 'wday', 'yday', 'isdst'] as const;
type TimeKey = (typeof timeKeys)[number];
const dayOfYear = (t: Date, utc: boolean): number => {
  const year = utc ? t.getUTCFullYear() : t.getFullYear();
  const start = Date.UTC(year, 0, 1);
  const now = utc ? Date.UTC(year, t.getUTCMonth(), t.getUTCDate()) : Date.UTC(year, t.getMonth(), t.getDate());
  return Math.round((now - start) / 86_400_000);
};
/** Fields of C's struct tm, with what Kamailio adds: months from 1, full year, day of the week and of the year from 1. */
function timePart(ms: number, key: TimeKey, utc: boolean): number {
  const t = new Date(ms);
  switch (key) {
    case 'sec':
      return utc ? t.getUTCSeconds() : t.getSeconds();
    case 'min':
      return utc ? t.getUTCMinutes() : t.getMinutes();
    case 'hour':
      return utc ? t.getUTCHours() : t.getHours();
    case 'mday':
      return utc ? t.getUTCDate() : t.getDate();
    case 'mon':
      return (utc ? t.getUTCMonth() : t.getMonth()) + 1;
    case 'year':
      return utc ? t.getUTCFullYear() : t.getFullYear();
    case 'wday':
      return (utc ? t.getUTCDay() : t.getDay()) + 1;
    case 'yday':
      return dayOfYear(t, utc) + 1;
    case 'isdst': {
      if (utc) return 0;
      const january = new Date(t.getFullYear(), 0, 1).getTimezoneOffset();
      const july = new Date(t.getFullYear(), 6, 1).getTimezoneOffset();
      return january !== july && t.getTimezoneOffset() === Math.min(january, july) ? 1 : 0;
    }
  }
}

const receivedAt = (ctx: RouteContext) => ctx.msg.received.at;
const now = (ctx: RouteContext) => ctx.server.env.clock.exactNow();
const seconds = (ms: number) => Math.trunc(ms / 1000);
/** Of the second; doubles of this size are a quarter of a microsecond apart. */
const micros = (ms: number) => Math.min(999_999, Math.round((ms % 1000) * 1000));

/** The clock read by `$TV(sn)`, which `$TV(un)` gives the microseconds of. */
const sampled = 'pv.TV';

function timeValue(ctx: RouteContext, key: 's' | 'u' | 'sn' | 'un' | 'Sn' | 'Sm'): Value {
  switch (key) {
    case 's':
      return seconds(receivedAt(ctx));
    case 'u':
      return micros(receivedAt(ctx));
    case 'sn': {
      const ms = now(ctx);
      ctx.data.set(sampled, ms);
      return seconds(ms);
    }
    case 'un':
      return micros((ctx.data.get(sampled) as number | undefined) ?? now(ctx));
    default: {
      const ms = key === 'Sm' ? receivedAt(ctx) : now(ctx);
      return `${seconds(ms)}.${String(micros(ms)).padStart(6, '0')}`;
    }
  }
}

/** Shortest or longest expiry the message asks for, over its contacts and the Expires header field. */
function expires(ctx: RouteContext, key: 'min' | 'max'): Value {
  const { msg } = ctx;
  const header = msg.expires !== null && msg.expires >= 0 ? msg.expires : null;
  const contacts = msg.contacts();
  const found: number[] = [];
  if (contacts !== null && contacts !== 'star') {
    for (const contact of contacts) {
      const own = contact.params.find((p) => p.name.toLowerCase() === 'expires')?.value;
      if (own) {
        if (!/^\d{1,10}$/.test(own)) return null;
        found.push(Number(own));
      } else if (header !== null) found.push(header);
    }
  }
  if (found.length === 0 && header !== null) found.push(header);
  if (found.length === 0) return null;
  return key === 'min' ? Math.min(...found) : Math.max(...found);
}

function setParameter(ctx: RouteContext, key: string, value: Value): boolean {
  const setting = ctx.server.settings.live.get(key);
  const typed = value !== null && (setting?.type === 'int') === (typeof value === 'number');
  const tooSmall = typeof value === 'number' && setting?.min !== undefined && value < setting.min;
  const tooLarge = typeof value === 'number' && setting?.max !== undefined && value > setting.max;
  if (setting === undefined || !typed || tooSmall || tooLarge) {
    ctx.log(-1, `$ccp(${key}) cannot be set to ${value}`, 'pv');
    return false;
  }
  setting.set(value);
  return true;
}

/** A path is looked up once: paths come from the cfg. */
function readSelect(me: PvMe, ctx: RouteContext, key: string): Value {
  const { selects } = me.state;
  let read = selects.get(key);
  if (read === undefined) {
    const words = [...key.matchAll(/\["([^"]*)"\]|\[(-?\d{1,9})\]|[^.[\]@]+/g)];
    read = ctx.server.select(words.map((m) => (m[2] !== undefined ? Number(m[2]) : (m[1] ?? m[0])))) ?? (() => null);
    selects.set(key, read); // as many as the cfg has
  }
  const value = read(ctx);
  return value === null || value === undefined ? null : String(value);
}

/** `kamailio (5.6.3 (x86_64/linux))` without the outer brackets. */
const fullVersion = (name: string): string => `${name.replace(/^(\S+) \((.*)\)$/, '$1 $2')} `;

export const serverPvs = {
  Ts: intPv('time the message came, seconds since 1970', (ctx) => seconds(receivedAt(ctx))),
  TS: intPv('time now, seconds since 1970', (ctx) => seconds(now(ctx))),
  Tf: strPv('time the message came, as text', (ctx) => ctime(receivedAt(ctx))),
  TF: strPv('time now, as text', (ctx) => ctime(now(ctx))),
  Tb: intPv('start of the server, seconds since 1970', (ctx) => seconds(ctx.server.info.startedAt)),
  TV: keyedPv(
    'time of the message (s, u, Sm) or now (sn, un, Sn) in seconds and microseconds',
    'any',
    ['s', 'u', 'sn', 'un', 'Sn', 'Sm'],
    timeValue,
  ),
  time: keyedPv('part of the local time the message came', 'int', timeKeys, (ctx, key) =>
    timePart(receivedAt(ctx), key, false),
  ),
  utime: keyedPv('part of the UTC time the message came', 'int', timeKeys, (ctx, key) =>
    timePart(receivedAt(ctx), key, true),
  ),
  timef: {
    doc: 'local time the message came, in a strftime() format',
    type: 'str',
    key: { use: 'req' },
    get: (_me: PvMe, ctx: RouteContext, key: string) => strftime(key, new Date(receivedAt(ctx))),
  },
  utimef: {
    doc: 'UTC time the message came, in a strftime() format',
    type: 'str',
    key: { use: 'req' },
    get: (_me: PvMe, ctx: RouteContext, key: string) => strftime(key, new Date(receivedAt(ctx)), true),
  },
  expires: keyedPv('shortest or longest expiry the message asks for', 'int', ['min', 'max'], expires),
  pp: intPv('process id', (ctx) => ctx.server.info.pid),
  sid: intPv('server_id', (ctx) => ctx.server.settings.values.server_id),
  version: keyedPv('version of Kamailio this is compatible with', 'str', ['num', 'full', 'hash'], (ctx, key) =>
    key === 'full' ? fullVersion(ctx.server.info.name) : ctx.server.info.version,
  ),
  ccp: {
    doc: 'run-time parameter of the cfg framework, as group.name',
    type: 'any',
    key: { use: 'req' },
    get: (_me: PvMe, ctx: RouteContext, key: string) => ctx.server.settings.live.get(key)?.get() ?? null,
    set: (_me: PvMe, ctx: RouteContext, value: Value, key: string) => setParameter(ctx, key, value),
  },
  sel: {
    doc: 'a select by its path: $sel(ruri.user) is @ruri.user',
    type: 'str',
    key: { use: 'req' },
    get: readSelect,
  },
  stat: {
    doc: 'value of a statistic',
    type: 'int',
    key: { use: 'req', dynamic: true },
    get: (_me: PvMe, ctx: RouteContext, key: string) => ctx.server.stats.find(key)?.read() ?? null,
  },
} satisfies PvTable;
