/** The arguments of avpops: variables with flags behind a slash, operations with values, rows of a table (avpops_parse.c). */
import {
  compileRegex,
  type NamedPv,
  namedPv,
  type PvRef,
  parseDecimal,
  parseInt32,
  type Regex,
  type RouteContext,
  type ServerApi,
  type Value,
  type XavpValue,
} from '../../runtime/sdk/index.js';

/** An argument that cannot be understood: the call fails. */
export class BadArgument extends Error {}
const bad = (text: string): never => {
  throw new BadArgument(text);
};

export interface AvpRef {
  readonly kind: 'avp';
  name(ctx: RouteContext): string;
  /** Written as `i:5`. */
  readonly integerName: boolean;
  readonly index: number;
}
export interface XavpRef {
  readonly kind: 'xavp';
  /** With `[*]` all of the field, else one; null: there is none. */
  values(ctx: RouteContext): readonly XavpValue[] | null;
}
export interface OtherRef {
  readonly kind: 'pv';
  /** As written: `ru`. */
  readonly name: string;
  get(ctx: RouteContext): Value;
}
export type Ref = AvpRef | XavpRef | OtherRef;

const AVP = /^\$(?:avp\((.+)\)|\(avp\((.+?)\)(?:\[(-?\d+|\*)\])?\))$/s;
const XAVP = /^\$(?:\(xavp\((.+)\)\)|xavp\((.+)\))$/s;
const XAVP_KEY = /^([^[\]=]+)(?:\[(-?\d+)\])?=>([^[\]=]+)(?:\[(-?\d+|\*)\])?$/;

export function refOf(server: ServerApi, written: string): Ref {
  const text = written.trim();
  const avp = AVP.exec(text);
  if (avp !== null) {
    const key = (avp[1] ?? avp[2] ?? '').trim();
    const integerName = key.startsWith('i:');
    const plain = /^[si]:/.test(key) ? key.slice(2) : key;
    const dynamic = key.includes('$') ? server.format(key) : null;
    const index = avp[3] === undefined || avp[3] === '*' ? 0 : Number(avp[3]);
    return { kind: 'avp', name: dynamic ?? (() => plain), integerName, index };
  }
  const xavp = XAVP.exec(text);
  const [, root = '', at, field = '', inner] = XAVP_KEY.exec(xavp?.[1] ?? xavp?.[2] ?? '') ?? [];
  if (xavp !== null && root !== '')
    return {
      kind: 'xavp',
      values(ctx) {
        const record = ctx.xavps.record(root.trim(), Number(at ?? 0));
        if (record === null) return null;
        const all = inner === '*' ? record.all(field.trim()) : [record.get(field.trim(), Number(inner ?? 0))];
        const found = all.filter((value) => value !== undefined);
        return found.length === 0 ? null : found;
      },
    };
  if (!text.startsWith('$')) return bad(`${written} is no pseudo-variable`);
  if (!text.includes('{')) {
    try {
      const pv: NamedPv = namedPv(server, text, 'avpops');
      return { kind: 'pv', name: text.slice(1), get: (ctx) => pv.get(ctx) };
    } catch {
      return bad(`${written} is no pseudo-variable`);
    }
  }
  return bad(`${written}: transformations are known in variable arguments only`);
}
/** A whole argument that is a variable: of an AVP or XAVP all values are looked at. */
export const refOfPv = (server: ServerApi, pv: PvRef<RouteContext>): Ref =>
  /^\$\(?xavp|^\$\(?avp\(/.test(pv.name) && !pv.name.includes('{')
    ? refOf(server, pv.name)
    : { kind: 'pv', name: pv.name.slice(1), get: (ctx) => pv.get(ctx) };
export function avpOf(server: ServerApi, text: string): AvpRef {
  const ref = refOf(server, text);
  return ref.kind === 'avp' ? ref : bad(`${text} is no $avp(name)`);
}

/** What stands before the first slash, and behind it. */
export function cut(text: string): readonly [string, string] {
  const at = text.indexOf('/');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
/** The letters given, in lower case; others than `known` are refused. */
export function flagsOf(text: string, known: string): ReadonlySet<string> {
  const letters = text.toLowerCase();
  for (const letter of letters) if (!known.includes(letter)) bad(`bad flag <${letter}>`);
  return new Set(letters);
}

/** `i:5`, `i:0x1f`, `s:text`, `text`. */
function constant(text: string): string | number {
  if (text[1] !== ':') return text;
  const value = text.slice(2);
  if (value === '') return bad(`${text} has no value`);
  if (/^s/i.test(text)) return value;
  if (!/^i/i.test(text)) return bad(`unknown value type <${text[0]}>`);
  return (/^0x/i.test(value) ? parseInt32(value) : parseDecimal(value)) ?? bad(`${value} is no integer`);
}
export interface Operation {
  readonly name: string;
  readonly value: Ref | string | number;
  readonly flags: ReadonlySet<string>;
  /** `re` with a constant. */
  readonly regex: Regex | null;
}
const CHECKS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 're', 'fm', 'and', 'or', 'xor'];
const CALCULATIONS = ['add', 'sub', 'mul', 'div', 'mod', 'and', 'or', 'xor', 'not'];

/** `operation/value[/flags]`. */
function operationOf(server: ServerApi, text: string, names: readonly string[], flags: string): Operation {
  const [name, rest] = cut(text);
  const found = names.find((known) => name.toLowerCase() === known) ?? bad(`unknown operation <${name}>`);
  const [written, letters] = cut(rest);
  if (written === '') bad(`${text} has no value`);
  const value = written.startsWith('$') ? refOf(server, written) : constant(written);
  const regex =
    found === 're' && typeof value === 'string' ? compileRegex(value, { ignoreCase: true, newline: true }) : null;
  return { name: found, value, flags: flagsOf(letters, flags), regex };
}
export const checkOf = (server: ServerApi, text: string): Operation => {
  const check = operationOf(server, text, CHECKS, 'gi');
  return check.name === 'fm' && typeof check.value === 'number' ? bad('fm needs text') : check;
};
export const calculationOf = (server: ServerApi, text: string): Operation => {
  const made = operationOf(server, text, CALCULATIONS, 'gd');
  return typeof made.value === 'string' ? bad('operations need integers') : made;
};

// Rows of a table --------------------------------------------------------------------------------------------------

/** Whose rows: which parts of what is written count. */
export type OwnerPart = 'uuid' | 'uri' | 'username' | 'domain';
export interface Owner {
  readonly part: OwnerPart;
  readonly value: OtherRef | AvpRef | XavpRef | string;
}
const URIS = ['ru', 'fu', 'tu', 'ou'];
export function ownerOf(server: ServerApi, text: string): Owner {
  const [written, word] = cut(text);
  const given = word.toLowerCase();
  const part = (['uuid', 'uri', 'username', 'domain'] as const).find((known) => known === given) ?? null;
  if (word !== '' && part === null) bad(`unknown flag <${word}>`);
  if (!written.startsWith('$')) return { part: part ?? 'uuid', value: written };
  const value = refOf(server, written);
  const isUri = value.kind === 'pv' && URIS.includes(value.name);
  return { part: part ?? (isUri ? 'uri' : 'uuid'), value };
}

export interface Scheme {
  readonly name: string;
  readonly uuid: string | null;
  readonly username: string | null;
  readonly domain: string | null;
  readonly value: string | null;
  readonly table: string | null;
  readonly integer: boolean;
}
/** `name:uuid_col=…;value_col=…;value_type=integer;table=…`; a text says what is wrong. */
export function parseScheme(text: string): Scheme | string {
  const [, name = '', rest = ''] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/s.exec(text) ?? [];
  if (name === '' || rest === '') return 'has no name or no columns';
  const columns = new Map<string, string>();
  for (const part of rest.split(';').filter((written) => written.trim() !== '')) {
    const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    const known = ['uuid_col', 'username_col', 'domain_col', 'value_col', 'table', 'value_type'];
    if (!known.includes(key.toLowerCase())) return `has an unknown part <${part.trim()}>`;
    if (columns.has(key.toLowerCase())) return `names ${key} twice`;
    columns.set(key.toLowerCase(), value);
  }
  const type = columns.get('value_type')?.toLowerCase() ?? 'string';
  if (type !== 'integer' && type !== 'string') return `has an unknown value type <${type}>`;
  const of = (column: string) => columns.get(column) ?? null;
  return {
    name: name.toLowerCase(),
    uuid: of('uuid_col'),
    username: of('username_col'),
    domain: of('domain_col'),
    value: of('value_col'),
    table: of('table'),
    integer: type === 'integer',
  };
}

/** Which attributes: one, or all (of those with text or integers for names), and where they are. */
export interface Attributes {
  readonly avp: AvpRef | null;
  readonly names: 'all' | 'text' | 'integer';
  readonly table: string | null;
  readonly scheme: Scheme | null;
}
export function namesOf(text: string): Attributes['names'] {
  if (!/^[sia*]\d*$/i.test(text)) bad(`${text} is not $avp(name), *, s or i`);
  const letter = text[0]?.toLowerCase();
  return letter === 's' ? 'text' : letter === 'i' ? 'integer' : 'all';
}
export function attributesOf(server: ServerApi, text: string, schemes: ReadonlyMap<string, Scheme> | null): Attributes {
  const [written, where] = cut(text);
  const avp = written.startsWith('$') ? avpOf(server, written) : null;
  const names = avp === null ? namesOf(written) : 'all';
  if (!where.startsWith('$')) return { avp, names, table: where === '' ? null : where, scheme: null };
  if (schemes === null) return bad('schemes are for loading only');
  if (avp === null) return bad('a scheme needs the name of the AVP');
  const scheme = schemes.get(where.slice(1).toLowerCase()) ?? bad(`scheme <${where.slice(1)}> not found`);
  return { avp, names, table: null, scheme };
}
/** Names hold no type: what is all digits counts as an integer. */
export const namedAs = (name: string, names: Attributes['names']): boolean =>
  names === 'all' || /^\d+$/.test(name) === (names === 'integer');
