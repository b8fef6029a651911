/** Short forms for declaring pseudo-variables, and the state of the module. */
import type { ListenSocket, PvIndex, PvSpec, RouteContext, SelectRead, Value } from '../../runtime/sdk/index.js';
import type { XavpKey } from './xavp-pvs.js';

/** What pv's own code sees as `me`. */
export interface PvMe {
  readonly state: PvState;
}
export interface PvState {
  /** `$shv`: shared by all runs, for the life of the server. */
  readonly shared: Map<string, string | number>;
  /** Paths of `$sel`, looked up. */
  readonly selects: Map<string, SelectRead>;
  /** `avp_aliases`: alias in small letters → name of the AVP. */
  readonly avpAliases: ReadonlyMap<string, string>;
  /** Keys of `$xavp` and `$xavi`, taken apart. */
  readonly xavpKeys: Map<string, XavpKey | null>;
}
export type PvTable = Record<string, PvSpec<PvMe, RouteContext>>;

type Getter = (ctx: RouteContext) => Value;
type Setter = (ctx: RouteContext, value: Value) => boolean | undefined;

const make = (type: 'str' | 'int' | 'any', doc: string, get: Getter, set?: Setter): PvSpec<PvMe, RouteContext> => ({
  doc,
  type,
  get: (_me, ctx) => get(ctx),
  ...(set ? { set: (_me: PvMe, ctx: RouteContext, value: Value) => set(ctx, value) } : {}),
});
/** `$name` that gives text. */
export const strPv = (doc: string, get: Getter, set?: Setter) => make('str', doc, get, set);
/** `$name` that gives a number. */
export const intPv = (doc: string, get: Getter, set?: Setter) => make('int', doc, get, set);

/** `$name(key)` with one of these keys. */
export function keyedPv<const K extends string>(
  doc: string,
  type: 'str' | 'int' | 'any',
  keys: readonly K[],
  get: (ctx: RouteContext, key: K) => Value,
): PvSpec<PvMe, RouteContext> {
  return { doc, type, key: { use: 'req', values: keys }, get: (_me, ctx, key) => get(ctx, key as K) };
}

/** Numbers of the transports (`PROTO_*`). */
export const protoNumbers = { none: 0, udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 } as const;

/** The same pv under other names. */
export function named(names: readonly string[], spec: PvSpec<PvMe, RouteContext>): PvTable {
  return Object.fromEntries(names.map((name) => [name, spec]));
}

/** Element `index` of a list; `*` joins with commas. */
export function pick<T extends string | number>(list: readonly T[], index: PvIndex, separator = ','): Value {
  if (index !== '*') return list.at(index ?? 0) ?? null;
  if (list.length === 0) return null;
  // A separator comes after something: leading empty values leave none.
  let joined = '';
  for (const value of list) joined += joined === '' ? value : `${separator}${value}`;
  return joined;
}

/** 32 bits as eight hex digits. */
export const hex8 = (flags: number) => (flags >>> 0).toString(16).padStart(8, '0');

/** Listen socket named by `proto:host:port`, proto and port optional; null when we have none. */
export function findSocket(ctx: RouteContext, text: string): ListenSocket | null {
  const { transports } = ctx.server;
  for (const socket of transports.sockets) if (socket.sockStr === text) return socket;
  const [, proto, host = '', port] =
    /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (host === '') return null;
  return transports.findSocket(
    host,
    port ? Number(port) : 0,
    proto?.toLowerCase() as ListenSocket['proto'] | undefined,
  );
}
