/** What `$dlg(…)` and `$dlg_ctx(…)` show (dlg_var.c). */
import type { RouteContext, Value } from '../../runtime/sdk/index.js';
import { contextOf, type DialogContext, knownContext } from './context.js';
import type { Dialog } from './dialog.js';
import { MAX_ROUTE_NAME } from './follow.js';

const textOrNull = (text: string): Value => (text === '' ? null : text);
/** Unsigned in the dialog, 32 bits signed in a script. */
const word = (n: number): Value => n | 0;

const attributes: Readonly<Record<string, (d: Dialog, hasRoute: (name: string) => boolean) => Value>> = {
  // The one who asks holds it too.
  ref: (d) => d.refs + 1,
  h_id: (d) => word(d.id),
  h_entry: (d) => d.entry,
  state: (d) => d.state,
  to_rs: (d) => textOrNull(d.callee.routeSet),
  from_rs: (d) => textOrNull(d.caller.routeSet),
  dflags: (d) => word(d.dflags),
  sflags: (d) => word(d.sflags),
  callid: (d) => d.callId,
  to_uri: (d) => textOrNull(d.toUri),
  to_tag: (d) => textOrNull(d.callee.tag),
  from_uri: (d) => textOrNull(d.fromUri),
  from_tag: (d) => textOrNull(d.caller.tag),
  toroute: (d, hasRoute) => (d.timeoutRoute !== '' && hasRoute(d.timeoutRoute) ? 1 : 0),
  to_cseq: (d) => textOrNull(d.callee.cseq),
  from_cseq: (d) => textOrNull(d.caller.cseq),
  lifetime: (d) => d.lifetime,
  start_ts: (d) => word(d.startTs),
  to_contact: (d) => textOrNull(d.callee.contact),
  from_contact: (d) => textOrNull(d.caller.contact),
  to_bindaddr: (d) => d.callee.socket?.sockStr ?? null,
  from_bindaddr: (d) => d.caller.socket?.sockStr ?? null,
};
export const attributeNames = [
  'ref', 'h_id', 'h_entry', 'state', 'to_rs', 'from_rs', 'dflags', 'sflags', 'callid', 'to_uri', 'to_tag', 'from_uri', 'from_tag',
  'toroute', 'to_cseq', 'from_cseq', 'lifetime', 'start_ts', 'to_contact', 'from_contact', 'to_bindaddr', 'from_bindaddr',
] as const; // biome-ignore format: one list
export const attributeOf = (ctx: RouteContext, dialog: Dialog, name: string): Value =>
  attributes[name]?.(dialog, (route) => ctx.config.has('route', route)) ?? null;

export const contextNames = [
  'on', 'flags', 'timeout', 'timeout_bye', 'timeout_route', 'timeout_route_id', 'set', 'dir',
] as const; // biome-ignore format: one list

export function contextValue(ctx: RouteContext, name: string): Value {
  const c: DialogContext | null = knownContext(ctx);
  switch (name) {
    case 'on':
      return c?.on ?? 0;
    case 'flags':
      return word(c?.flags ?? 0);
    case 'timeout':
      return c?.timeout ?? 0;
    case 'timeout_bye':
      return c?.timeoutBye ?? 0;
    case 'timeout_route':
      return c !== null && routeId(ctx, c) > 0 ? c.timeoutRoute : null;
    case 'timeout_route_id':
      return c === null ? 0 : routeId(ctx, c);
    case 'set':
      return c?.dialog ? 1 : 0;
    default:
      return c?.direction ?? 0;
  }
}
/** Kamailio shows the route's place in its table; here it is there or not. */
const routeId = (ctx: RouteContext, { timeoutRoute }: DialogContext): number =>
  timeoutRoute !== '' && ctx.config.has('route', timeoutRoute) ? 1 : 0;

export function setContextValue(ctx: RouteContext, name: string, value: Value): boolean {
  const c = contextOf(ctx);
  const n = typeof value === 'number' ? value : 0;
  switch (name) {
    case 'flags':
      c.flags = n;
      return true;
    case 'timeout':
      c.timeout = n;
      return true;
    case 'timeout_bye':
      c.timeoutBye = n;
      return true;
    case 'timeout_route': {
      const route = value === null || value === 0 ? '' : String(value);
      c.timeoutRoute = route.length <= MAX_ROUTE_NAME ? route : '';
      return true;
    }
    default:
      c.on = n;
      return true;
  }
}
