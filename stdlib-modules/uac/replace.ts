/**
 * From and To replaced on the way and put back (uac's replace.c). What was there goes into a Record-Route parameter, mixed with the
 * new value, so that requests within the dialog can be changed in both directions; responses get what the request had.
 */
import {
  type Draft,
  HeaderId,
  MessageMark,
  type NameAddr,
  type RouteContext,
  type SipMessage,
  type Transaction,
  type Verdict,
} from '../../runtime/sdk/index.js';

export interface RrApi {
  addParam(ctx: RouteContext, params: string): boolean;
  param(ctx: RouteContext, name: string): string | null;
  isUpstream(ctx: RouteContext): boolean;
  onRouted(listener: (ctx: RouteContext, params: string) => void): void;
}
/** What it uses of the dialog module, with restore_dlg. */
export interface CallDialog {
  get(key: string): string | null;
}
export interface DialogApi {
  of(ctx: RouteContext): CallDialog | null;
  set(dialog: CallDialog, key: string, value: string | null): boolean;
  listen(listener: {
    confirmed(dialog: CallDialog, run: RouteContext, direction: number): void;
    within(dialog: CallDialog, run: RouteContext, direction: number): void;
    terminated(dialog: CallDialog, run: RouteContext | null, direction: number): void;
  }): void;
  nextCseq(ctx: RouteContext): void;
}
/** Variables of the dialog: URI before and after, display name before and after. */
const variables = {
  from: ['_uac_fu', '_uac_funew', '_uac_fdp', '_uac_fdpnew'],
  to: ['_uac_to', '_uac_tonew', '_uac_tdp', '_uac_tdpnew'],
} as const;
const UPSTREAM = 2;
export type Field = 'from' | 'to';
export interface RestoreOptions {
  readonly mode: 'none' | 'manual' | 'auto';
  readonly params: Readonly<Record<Field, string>>;
  /** Mixed into what Record-Route shows; not a cipher. */
  readonly password: string;
  /** AVPs that get the field as it was; null: not kept. */
  readonly keep: Readonly<Record<Field, ((ctx: RouteContext, value: string) => void) | null>>;
}
const MAX_URI = 1024;
const markOf = (field: Field): number => (field === 'from' ? MessageMark.uacFrom : MessageMark.uacTo);
const headerOf = (field: Field) => (field === 'from' ? HeaderId.From : HeaderId.To);
const addrOf = (msg: SipMessage, field: Field): NameAddr | null => (field === 'from' ? msg.from : msg.to);

/** Value of the field up to its URI and the bracket after it; null when there is no good field. */
function shownPart(msg: SipMessage, field: Field): { readonly start: number; readonly end: number } | null {
  const header = msg.header(headerOf(field));
  const addr = addrOf(msg, field);
  return header === undefined || addr === null ? null : { start: header.valueStart, end: addr.addrEnd };
}

/** Base64 with a hyphen where it pads: a URI parameter may not hold `=`. */
const encode = (bytes: string) => Buffer.from(bytes, 'latin1').toString('base64').replaceAll('=', '-');
function decode(text: string): string | null {
  const plain = text.replace(/-+$/, '');
  return /^[A-Za-z0-9+/]+$/.test(plain) ? Buffer.from(plain, 'base64').toString('latin1') : null;
}
/** Each character with the one of the other text, as far as that goes. */
function mixed(text: string, other: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++)
    out += i < other.length ? String.fromCharCode(text.charCodeAt(i) ^ other.charCodeAt(i)) : text.charAt(i);
  return out;
}
const veiled = (text: string, password: string): string =>
  password === '' ? text : mixed(text, password.repeat(Math.ceil(text.length / password.length)));

export function replaceField(
  ctx: RouteContext,
  field: Field,
  display: string | null,
  uri: string,
  options: RestoreOptions,
  rr: RrApi | null,
  dialogs: DialogApi | null = null,
): Verdict {
  const { msg, draft } = ctx;
  const mark = markOf(field);
  const addr = addrOf(msg, field);
  const part = shownPart(msg, field);
  if (addr === null || part === null || (ctx.kind === 'request' && (draft.marks & mark) !== 0)) return -1;
  if (options.mode === 'auto' && uri !== '' && msg.to?.tag) return -1;
  options.keep[field]?.(ctx, msg.raw.slice(part.start, part.end));
  if (display !== null) replaceDisplay(ctx, addr, part.start, display);
  if (uri === '') return 1;
  draft.edits.replace(addr.uriStart, addr.uriEnd, uri);
  if (options.mode === 'none' || rr === null) return 1;
  const dialog = dialogs?.of(ctx) ?? null;
  if (dialogs !== null && dialog !== null) {
    remember(dialogs, dialog, field, addr, display ?? '', uri);
    marked(ctx, mark | MessageMark.uacReply);
    return 1;
  }
  const old = addr.uriText;
  if (old.length > MAX_URI || uri.length > MAX_URI) return -1;
  const mix = old.length > uri.length ? mixed(old, uri) : mixed(uri, old);
  if (!rr.addParam(ctx, `;${options.params[field]}=${encode(veiled(mix, options.password))}`)) return -1;
  marked(ctx, mark | MessageMark.uacReply);
  return 1;
}
function marked(ctx: RouteContext, mark: number): void {
  ctx.draft.marks |= mark;
  if (ctx.transaction !== null) ctx.transaction.draft.marks |= mark;
}
/** The first URI stays what is put back, however often it is replaced. */
function remember(
  dialogs: DialogApi,
  dialog: CallDialog,
  field: Field,
  addr: NameAddr,
  display: string,
  uri: string,
): void {
  const [old, now, oldDisplay, nowDisplay] = variables[field];
  if (dialog.get(old) === null) dialogs.set(dialog, old, addr.uriText);
  else dialogs.set(dialog, now, null);
  dialogs.set(dialog, now, uri);
  dialogs.set(dialog, oldDisplay, addr.display);
  dialogs.set(dialog, nowDisplay, display);
}
/** `restore_dlg`: requests within a dialog are changed as its first one was, or back. */
export function followDialogs(dialogs: DialogApi): void {
  const change = (dialog: CallDialog, run: RouteContext, direction: number): void => {
    for (const field of ['from', 'to'] as const) {
      const [old, now, oldDisplay, nowDisplay] = variables[field];
      const upstream = direction === UPSTREAM;
      const uri = dialog.get(upstream ? old : now);
      const display = dialog.get(upstream ? oldDisplay : nowDisplay);
      const target: Field = (field === 'from') === upstream ? 'to' : 'from';
      const addr = addrOf(run.msg, target);
      const part = shownPart(run.msg, target);
      if (uri === null || display === null || addr === null || part === null) continue;
      if ((run.draft.marks & markOf(target)) !== 0) continue;
      if (addr.display !== '' || display !== '') replaceDisplay(run, addr, part.start, display);
      run.draft.edits.replace(addr.uriStart, addr.uriEnd, uri);
      marked(run, markOf(target) | MessageMark.uacReply);
    }
  };
  dialogs.listen({
    confirmed: change,
    within: change,
    terminated: (dialog, run, direction) => {
      if (run !== null) change(dialog, run, direction);
    },
  });
}
function replaceDisplay(ctx: RouteContext, addr: NameAddr, start: number, display: string): void {
  const { edits } = ctx.draft;
  if (addr.display !== '') {
    const at = ctx.msg.raw.indexOf(addr.display, start);
    edits.replace(at, at + addr.display.length, display);
  } else if (display !== '') {
    if (addr.bracketed) edits.insert(ctx.msg.raw.lastIndexOf('<', addr.uriStart), `${display} `);
    else {
      edits.insert(addr.uriStart, `${display} <`);
      edits.insert(addr.uriEnd, '>');
    }
  }
}

/** Puts back, or changes in the other direction, what a Route parameter of ours tells. */
export function restoreField(ctx: RouteContext, field: Field, options: RestoreOptions, rr: RrApi): Verdict {
  const { msg, draft } = ctx;
  const name = options.params[field];
  const value = rr.param(ctx, name);
  const bytes = value === null || value === '' ? null : decode(value);
  if (bytes === null || !rr.addParam(ctx, `;${name}=${value}`)) return -1;
  const upstream = rr.isUpstream(ctx);
  const target: Field = (field === 'from') === upstream ? 'to' : 'from';
  const addr = addrOf(msg, target);
  const part = shownPart(msg, target);
  if (addr === null || part === null) return -1;
  options.keep[target]?.(ctx, msg.raw.slice(part.start, part.end));
  const old = addr.uriText;
  const mix = veiled(bytes, options.password);
  if (mix.length < old.length) return -1;
  const whole = mixed(mix, old);
  const nul = whole.indexOf('\0');
  const uri = nul >= 0 && nul < old.length ? whole.slice(0, nul) : whole;
  // What an end point changed cannot be turned into the original.
  if (!/^[\x20-\x7e]+$/.test(uri)) return -1;
  draft.edits.replace(addr.uriStart, addr.uriEnd, uri);
  // By hand, responses to this request are left as they come.
  draft.marks |= options.mode === 'auto' ? markOf(target) | MessageMark.uacReply : markOf(target);
  return 1;
}

/** A response gets From and To as its request had them when it came. */
export function restoreReply(t: Transaction, reply: SipMessage, draft: Draft): void {
  for (const field of ['from', 'to'] as const) {
    if ((t.draft.marks & markOf(field)) === 0) continue;
    const was = shownPart(t.request, field);
    const is = shownPart(reply, field);
    if (was !== null && is !== null) draft.edits.replace(is.start, is.end, t.request.raw.slice(was.start, was.end));
  }
}
