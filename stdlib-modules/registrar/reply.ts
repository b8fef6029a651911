/** The answer to a REGISTER: current bindings in Contact, or the reason of the refusal (RFC 3261 §10.3). */
import { HeaderId, type RouteContext, type Verdict } from '../../runtime/sdk/index.js';
import { hasOption, qText } from './contacts.js';
import { errors, type RegistrarError, reasons } from './errors.js';
import type { Contact, SlApi, UsrlocApi } from './location.js';
import { Outbound } from './outbound.js';
import type { RegistrarParams } from './params.js';
import { showRecord } from './settings.js';

export interface Replies {
  readonly params: RegistrarParams;
  readonly usrloc: UsrlocApi;
  readonly sl: SlApi;
}

/** What save() leaves for reg_send_reply(): the Contact field not sent yet, and why the REGISTER was refused. */
interface Prepared {
  contact: string;
  error: RegistrarError | null;
}
const PREPARED = 'registrar.reply';
export const prepared = (ctx: RouteContext): Prepared =>
  (ctx.data.get(PREPARED) as Prepared | undefined) ?? { contact: '', error: null };
export const prepare = (ctx: RouteContext, outcome: Prepared): void => void ctx.data.set(PREPARED, outcome);

const bare = (instance: string) =>
  instance.startsWith('<') && instance.endsWith('>') ? instance.slice(1, -1) : instance;

/** `Contact: …` with all valid bindings; '' when there are none. */
export function contactHeader(env: Replies, ctx: RouteContext, contacts: readonly Contact[], host: string): string {
  const now = env.usrloc.location.nowSec();
  const { gruu_enabled, received_param } = env.params;
  const gruu = gruu_enabled === 1 && hasOption(ctx.msg, HeaderId.Supported, 'gruu');
  const values: string[] = [];
  for (const c of contacts) {
    if (!c.valid(now)) continue;
    let text = `<${c.uri}>`;
    const q = qText(c.q);
    if (q !== '') text += `;q=${q}`;
    text += `;expires=${(c.expires - now) >>> 0}`;
    if (received_param !== '' && c.received !== '') text += `;${received_param}="${c.received}"`;
    if (gruu && c.instance !== '') text += gruuParams(env, c, host);
    if (c.instance !== '') text += `;+sip.instance="${c.instance}"`;
    if (c.regId > 0) text += `;reg-id=${c.regId}`;
    values.push(text);
    showRecord(env.params, ctx, c, now);
  }
  return values.length === 0 ? '' : `Contact: ${values.join(', ')}\r\n`;
}

/** RFC 5627 §5.1. The temporary one carries the hash of the AOR, lowest digit first. */
function gruuParams(env: Replies, c: Contact, host: string): string {
  const owner = c.aor.includes('@') ? c.aor : `${c.aor}@${host}`;
  let hash = '';
  for (let v = env.usrloc.aorHash(c.aor); v !== 0; v >>>= 4) hash += (v & 15).toString(16);
  return `;pub-gruu="sip:${owner};gr=${bare(c.instance)}";temp-gruu="sip:${c.ruid}-${hash}@${host};gr"`;
}

/** Puts the header fields in place, and sends unless `prepareOnly`. */
export function answer(env: Replies, ctx: RouteContext, prepareOnly = false): Verdict {
  const { draft } = ctx;
  const { contact, error } = prepared(ctx);
  if (contact !== '') draft.addReplyHeader(contact);
  let outcome = error;
  if (outcome === null) {
    outcome = pathAnswer(env, ctx);
    outboundAnswer(env, ctx);
  } else if (outcome === errors.lowExpires) draft.addReplyHeader(`Min-Expires: ${env.params.min_expires}\r\n`);
  else if (outcome === errors.outboundRequired) draft.addReplyHeader('Unsupported: outbound\r\n');
  else if (outcome === errors.outboundUnsupported) {
    draft.addReplyHeader('Require: outbound\r\n');
    draft.addReplyHeader('Supported: outbound\r\n');
  }
  prepare(ctx, { contact: '', error: outcome });
  const status = outcome?.status ?? 200;
  if (outcome !== null && status !== 200) {
    draft.addReplyHeader(`P-Registrar-Error: ${outcome.text}\r\n`);
    if (status >= 500 && env.params.retry_after !== 0)
      draft.addReplyHeader(`Retry-After: ${env.params.retry_after}\r\n`);
  }
  return prepareOnly ? 1 : env.sl.reply(ctx, status, reasons[status] ?? 'OK');
}

/** RFC 5626 §6: who uses outbound is told that it is, and how often to keep the flow alive. */
function outboundAnswer(env: Replies, ctx: RouteContext): void {
  const { outbound_mode, flow_timer } = env.params;
  if (outbound_mode === Outbound.none) return;
  const { draft } = ctx;
  const required = outbound_mode === Outbound.required;
  if (required) draft.addReplyHeader('Require: outbound\r\n');
  draft.addReplyHeader('Supported: outbound\r\n');
  const used = hasOption(ctx.msg, HeaderId.Require, 'outbound') || hasOption(ctx.msg, HeaderId.Supported, 'outbound');
  if (!required && !used) return;
  if (!required) draft.addReplyHeader('Require: outbound\r\n');
  if (flow_timer > 0) draft.addReplyHeader(`Flow-Timer: ${flow_timer}\r\n`);
}

/** RFC 3327 §5.3: path_mode 1 shows the Path to who supports it, 2 refuses who does not. */
function pathAnswer(env: Replies, ctx: RouteContext): RegistrarError | null {
  const { use_path, path_mode } = env.params;
  const { draft } = ctx;
  if (use_path === 0 || path_mode === 0 || draft.path === null) return null;
  if (hasOption(ctx.msg, HeaderId.Supported, 'path')) {
    draft.addReplyHeader(`Path: ${draft.path}\r\n`);
    return null;
  }
  if (path_mode !== 2) return null;
  draft.addReplyHeader('Unsupported: path\r\n');
  draft.addReplyHeader(`Path: ${draft.path}\r\n`);
  return errors.pathUnsupported;
}
