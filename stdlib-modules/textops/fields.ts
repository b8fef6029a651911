/**
 * Adding, removing and finding header fields, and header lines for responses of our own.
 */
import {
  type HeaderField,
  HeaderId,
  headerId,
  type Regex,
  type RouteContext,
  type SipMessage,
  type Verdict,
} from '../../runtime/sdk/index.js';

/** After the last header field, or after the last one of that name. */
export function appendField(ctx: RouteContext, text: string, after?: string): Verdict {
  const { msg } = ctx;
  if (msg.broken || text === '' || msg.headers.length === 0) return -1;
  const anchor = after === undefined ? undefined : msg.headersOf(after).at(-1);
  return ctx.draft.edits.insert(anchor === undefined ? msg.headersEnd : anchor.end, text) ? 1 : -1;
}
/** Before the first header field, or before the first one of that name. */
export function insertField(ctx: RouteContext, text: string, before?: string): Verdict {
  const { msg } = ctx;
  const first = msg.headers[0];
  if (msg.broken || text === '' || first === undefined) return -1;
  const anchor = (before === undefined ? undefined : msg.header(before)) ?? first;
  return ctx.draft.edits.insert(anchor.start, text) ? 1 : -1;
}

export function removeFields(ctx: RouteContext, test: (field: HeaderField) => boolean): number {
  if (ctx.msg.broken) return -1;
  let count = 0;
  for (const h of ctx.msg.headers) {
    if (!test(h)) continue;
    if (!ctx.draft.edits.remove(h.start, h.end, h.id)) return -1;
    count++;
  }
  return count;
}
/** A predicate for fields of that name, compact forms included. */
export function named(name: string): (field: HeaderField) => boolean {
  const id = headerId(name);
  return id === HeaderId.Other ? (h) => h.id === HeaderId.Other && h.isNamed(name) : (h) => h.id === id;
}
export const removeNamed = (ctx: RouteContext, name: string): Verdict => (removeFields(ctx, named(name)) > 0 ? 1 : -1);
export const removeMatching = (ctx: RouteContext, re: Regex, except?: Regex): Verdict =>
  removeFields(ctx, (h) => !(except?.test(h.name) ?? false) && re.test(h.name)) > 0 ? 1 : -1;

/** The n-th field of that name; negative counts from the end. Done 1, not so many 2 (from the front) or 1. */
export function removeIndexed(ctx: RouteContext, name: string, index: number): Verdict {
  const { msg } = ctx;
  if (msg.broken || name === '') return -1;
  const fields = msg.headers.filter(named(name));
  const field = fields.at(index);
  if (field === undefined) return index < 0 ? 1 : 2;
  return ctx.draft.edits.remove(field.start, field.end, field.id) ? 1 : -1;
}

/** Operators of `remove_hf_match()`. */
export function removeByValue(ctx: RouteContext, name: string, test: (value: string) => boolean): Verdict {
  const count = removeFields(
    ctx,
    (
      (isNamed) => (h: HeaderField) =>
        isNamed(h) && test(h.value)
    )(named(name)),
  );
  return count < 0 ? -1 : count > 0 ? 1 : -2;
}

export const isPresent = (msg: SipMessage, name: string): Verdict =>
  !msg.broken && msg.header(name) !== undefined ? 1 : -1;
export const isPresentMatching = (msg: SipMessage, re: Regex): Verdict =>
  !msg.broken && msg.headers.some((h) => re.test(h.name)) ? 1 : -1;

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Date header line (RFC 3261 §20.17). */
export function dateLine(ms: number): string {
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  return `Date: ${days[d.getUTCDay()]}, ${two(d.getUTCDate())} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()} ${time} GMT\r\n`;
}
