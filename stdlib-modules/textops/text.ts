/**
 * Searching and replacing in the text of a message. Edits are not seen by later searches until they are applied.
 */
import type { Regex, RouteContext, SipMessage, Substitution, Verdict } from '../../runtime/sdk/index.js';

/** Where a function looks: from after the start line to the end, only up to the empty line, or only the body. */
export type Part = 'rest' | 'headers' | 'body';

/** Null when there is nothing to look at. */
export function partOf(msg: SipMessage, part: Part): { readonly start: number; readonly end: number } | null {
  if (part === 'rest') return { start: msg.startLine.end, end: msg.raw.length };
  if (!msg.complete) return null;
  const span =
    part === 'headers'
      ? { start: msg.startLine.end, end: msg.headersEnd }
      : { start: msg.bodyStart, end: msg.raw.length };
  return span.end > span.start ? span : null;
}

/** Text of a part for expressions that must not see beyond it, and how far into the message it starts. */
function subject(msg: SipMessage, part: Part): { readonly text: string; readonly offset: number } | null {
  const span = partOf(msg, part);
  return span && { text: msg.raw.slice(span.start, span.end), offset: span.start };
}

export function search(msg: SipMessage, re: Regex): Verdict {
  return re.test(msg.raw) ? 1 : -1;
}
export function searchPart(msg: SipMessage, part: Part, re: Regex): Verdict {
  const s = subject(msg, part);
  return s !== null && re.test(s.text) ? 1 : -1;
}

/** Puts `text` after the first match. */
export function searchAppend(ctx: RouteContext, part: Part, re: Regex, text: string): Verdict {
  const s = subject(ctx.msg, part);
  const match = s?.text === undefined ? null : re.exec(s.text);
  if (s === null || match === null) return -1;
  return ctx.draft.edits.insert(s.offset + match.end, text) ? 1 : -1;
}

/** Replaces the first match, or all of them. A match of nothing ends it. */
export function replace(ctx: RouteContext, part: Part, re: Regex, text: string, all: boolean): Verdict {
  const s = subject(ctx.msg, part);
  if (s === null) return -1;
  let at = 0;
  let verdict = -1;
  while (at < s.text.length) {
    const match = re.exec(s.text, at);
    if (match === null) break;
    if (all && match.end === match.start) return -1;
    if (!ctx.draft.edits.replace(s.offset + match.start, s.offset + match.end, text)) return -1;
    verdict = 1;
    if (!all) break;
    at = match.end;
  }
  return verdict;
}

/** As `replace`, for plain text; mode `f…` is the first occurrence, anything else all. True also when there is none. */
export function replaceText(ctx: RouteContext, part: Part, find: string, text: string, mode: string): Verdict {
  const span = partOf(ctx.msg, part);
  if (span === null) return part === 'rest' ? 1 : -1;
  if (find === '') return 1;
  const first = mode === '' || mode.charAt(0) === 'f' || mode.charAt(0) === 'F';
  let at = span.start;
  for (;;) {
    const found = ctx.msg.raw.indexOf(find, at);
    if (found < 0 || found + find.length > span.end) return 1;
    if (!ctx.draft.edits.replace(found, found + find.length, text)) return -1;
    if (first) return 1;
    at = found + find.length;
  }
}

/** More replacements than this in one call is not a SIP message any more. */
const MAX_MATCHES = 4096;

/** Places and new texts of a substitution on `text`; empty when nothing matched. */
export function substitutions(
  ctx: RouteContext,
  text: string,
  s: Substitution<RouteContext>,
): { readonly start: number; readonly end: number; readonly text: string }[] {
  const found: { start: number; end: number; text: string }[] = [];
  let at = 0;
  while (at <= text.length && found.length < MAX_MATCHES) {
    const match = s.regex.exec(text, at);
    if (match === null) break;
    found.push({ start: match.start, end: match.end, text: s.replacement(match, ctx) });
    if (!s.global) break;
    // Kamailio stops after an empty match, so that it ends.
    if (match.end === match.start) break;
    at = match.end;
  }
  return found;
}
/** The text with the substitution made; null when nothing matched. */
export function substituted(ctx: RouteContext, text: string, s: Substitution<RouteContext>): string | null {
  const found = substitutions(ctx, text, s);
  if (found.length === 0) return null;
  let out = '';
  let at = 0;
  for (const f of found) {
    out += text.slice(at, f.start) + f.text;
    at = f.end;
  }
  return out + text.slice(at);
}
export function substPart(ctx: RouteContext, part: Part, s: Substitution<RouteContext>): Verdict {
  const where = subject(ctx.msg, part);
  if (where === null) return -1;
  const found = substitutions(ctx, where.text, s);
  for (const f of found) {
    if (!ctx.draft.edits.replace(where.offset + f.start, where.offset + f.end, f.text)) return -1;
  }
  return found.length > 0 ? 1 : -1;
}

/** `search_hf`, `subst_hf`: `a` all fields of that name, `f` the first, `l` the last. */
export function fieldsFor(msg: SipMessage, name: string, which: string) {
  const fields = msg.headersOf(name);
  const mode = which.charAt(0).toLowerCase();
  if (mode === 'f') return fields.slice(0, 1);
  return mode === 'l' ? fields.slice(-1) : fields;
}
export function substFields(ctx: RouteContext, name: string, s: Substitution<RouteContext>, which: string): Verdict {
  let verdict = -1;
  for (const h of fieldsFor(ctx.msg, name, which)) {
    for (const f of substitutions(ctx, h.value, s)) {
      if (!ctx.draft.edits.replace(h.valueStart + f.start, h.valueStart + f.end, f.text)) return -1;
      verdict = 1;
    }
  }
  return verdict;
}
