/** Pseudo-variables that hold values: script variables, AVPs, shared variables, constants. */
import {
  type PvIndex,
  type PvSpec,
  avpName as plainName,
  type RouteContext,
  type Value,
} from '../../runtime/sdk/index.js';
import { keyedPv, type PvMe, type PvTable } from './spec.js';
import { countXavps } from './xavp-pvs.js';

/** An alias stands for its AVP. */
function avpName({ state: { avpAliases } }: PvMe, key: string): string {
  const aliased = avpAliases.size === 0 ? undefined : avpAliases.get(key.toLowerCase());
  return aliased ?? plainName(key);
}
/** `avp_aliases`: `alias=name;…`, an alias and an AVP once each. Null when it is not so written. */
export function aliasesOf(written: readonly string[]): Map<string, string> | null {
  const aliases = new Map<string, string>();
  for (const item of written.flatMap((text) => text.split(';'))) {
    const [, alias, name] = /^\s*([^\s=;]+)\s*=\s*(?:avp:)?((?:[is]:)?[^\s:;]+)\s*$/.exec(item) ?? [];
    if (alias === undefined || name === undefined) return null;
    const of = plainName(name);
    if (aliases.has(alias.toLowerCase()) || [...aliases.values()].some((n) => n.toLowerCase() === of.toLowerCase()))
      return null;
    aliases.set(alias.toLowerCase(), of);
  }
  return aliases;
}

/** `$vn(x)`: as `$var`, but null until set. It stands among the script variables, under a name none of them has. */
const nullableName = (key: string): string => `\0${key}`;

const scriptVariable: PvSpec<PvMe, RouteContext> = {
  doc: 'script variable: 0 until set, fresh in each top-level run',
  type: 'any',
  nullable: false,
  key: { use: 'req' },
  get: (_me, ctx, key) => ctx.vars[key] ?? 0,
  set: (_me, ctx, value, key) => {
    ctx.vars[key] = value ?? 0;
    return true;
  },
};

// Constants --------------------------------------------------------------------------------------------------------

const constants = {
  IPv4: 2,
  IPv6: 10,
  INET: 2,
  INET6: 10,
  IP4: 2,
  IP6: 10,
  UDP: 1,
  TCP: 2,
  TLS: 3,
  SCTP: 4,
  WS: 5,
  WSS: 6,
} as const;

/** Characters that are hard to write in a text of the cfg. */
const escapes = Object.fromEntries(
  (
    [
      ['En', '\n', 'line feed'],
      ['Er', '\r', 'carriage return'],
      ['Et', '\t', 'tabulator'],
      ['Es', ' ', 'blank'],
      ['Ec', ',', 'comma'],
      ['Eq', '"', 'double quote'],
      ['Ek', "'", 'single quote'],
      ['Ei', ':', 'colon'],
      ['Ej', ';', 'semicolon'],
      ['Eb', '\\', 'backslash'],
      ['Ev', '`', 'backtick'],
    ] as const
  ).map(([name, character, words]): [string, PvSpec<PvMe, RouteContext>] => [
    name,
    { doc: `the character ${words}`, type: 'str', nullable: false, get: () => character },
  ]),
);

export const variablePvs = {
  var: scriptVariable,
  vz: scriptVariable,
  vn: {
    doc: 'script variable: null until set, fresh in each top-level run',
    type: 'any',
    key: { use: 'req' },
    get: (_me: PvMe, ctx: RouteContext, key: string) => ctx.vars[nullableName(key)] ?? null,
    set: (_me: PvMe, ctx: RouteContext, value: Value, key: string) => {
      if (value === null) delete ctx.vars[nullableName(key)];
      else ctx.vars[nullableName(key)] = value;
      return true;
    },
  },
  avp: {
    doc: 'attribute-value pair of the transaction; a plain assignment adds on top',
    type: 'any',
    key: { use: 'req', dynamic: true },
    index: true,
    get: (me: PvMe, ctx: RouteContext, key: string, index: PvIndex) => ctx.avps.get(avpName(me, key), index),
    set: (me: PvMe, ctx: RouteContext, value: Value, key: string, index: PvIndex) =>
      ctx.avps.set(avpName(me, key), value, index),
  },
  shv: {
    doc: 'shared variable: one for the whole server, 0 until set',
    type: 'any',
    nullable: false,
    key: { use: 'req' },
    get: (me: PvMe, _ctx: RouteContext, key: string) => me.state.shared.get(key) ?? 0,
    set: (me: PvMe, _ctx: RouteContext, value: Value, key: string) => {
      me.state.shared.set(key, value ?? '');
      return true;
    },
  },
  shvinc: {
    doc: 'shared variable, raised by one and read',
    type: 'int',
    nullable: false,
    key: { use: 'req' },
    get: (me: PvMe, _ctx: RouteContext, key: string) => {
      const old = me.state.shared.get(key) ?? 0;
      const next = typeof old === 'number' ? (old + 1) | 0 : 1;
      me.state.shared.set(key, next);
      return next;
    },
  },
  ...escapes,
  true: { doc: 'the number 1', type: 'int', nullable: false, get: () => 1 },
  _s: {
    doc: 'the text in the parentheses, its pseudo-variables replaced',
    type: 'str',
    key: { use: 'req', dynamic: true },
    get: (_me: PvMe, _ctx: RouteContext, key: string) => key,
  },
  K: keyedPv(
    'number of an address family or transport',
    'int',
    Object.keys(constants) as (keyof typeof constants)[],
    (_ctx, key) => constants[key],
  ),
  cnt: {
    doc: 'how many values an AVP or an extended AVP has: $cnt($avp(x)), $cnt($xavp(a=>b))',
    type: 'int',
    key: { use: 'req' },
    get: (me: PvMe, ctx: RouteContext, key: string) => {
      const [, kind, name = ''] = /^\$(?:\()?(avp|xavp)\((.*?)\)\)?$/.exec(key.trim()) ?? [];
      if (kind === 'avp') return ctx.avps.all(avpName(me, name)).length;
      return kind === 'xavp' ? countXavps(me, ctx, name) : null;
    },
  },
} satisfies PvTable;
