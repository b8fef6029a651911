/** Is a REGISTER one for outbound, and may it be (RFC 5626 §6; save() in registrar's save.c). */
import { HeaderId, parseNameAddrList, type RouteContext } from '../../runtime/sdk/index.js';
import { hasOption } from './contacts.js';
import { errors, type RegistrarError } from './errors.js';
import type { RegistrarParams } from './params.js';

/** `outbound_mode`. */
export const Outbound = { none: 0, supported: 1, required: 2 } as const;
/** `regid_mode`: reg-id counts for requests with outbound only, or always. */
export const RegId = { withOutbound: 0, always: 1 } as const;

/** Whether the contacts' reg-id counts, or why the request is refused. */
export function outboundOf(params: RegistrarParams, ctx: RouteContext): boolean | RegistrarError {
  const { msg } = ctx;
  const mode = params.outbound_mode;
  const supported = hasOption(msg, HeaderId.Supported, 'outbound');
  if (mode === Outbound.required && !supported && msg.header(HeaderId.Supported) !== undefined) {
    ctx.log(0, 'Outbound required by server and not supported by UAC', 'registrar');
    return errors.outboundUnsupported;
  }
  if (mode === Outbound.none && hasOption(msg, HeaderId.Require, 'outbound')) {
    ctx.log(0, 'Outbound required by UAC and not supported by server', 'registrar');
    return errors.outboundRequired;
  }
  const contacts = msg.contacts();
  if (mode === Outbound.none || contacts === null || msg.vias().length < 2) return true;
  // Not the first hop: the one that is has to say in Path that it keeps the flow.
  const path = msg.header(HeaderId.Path);
  if (path !== undefined) {
    const top = parseNameAddrList(msg.raw, ctx.grammar, path.valueStart, path.valueEnd)?.[0]?.uri ?? null;
    if (top === null) {
      ctx.log(-1, 'Failed to parse Path: header body', 'registrar');
      return errors.unexplained;
    }
    if (top.param('ob') !== null) return true;
  }
  const first = msg.contact;
  if (first === null) return errors.unexplained;
  if (params.regid_mode !== RegId.withOutbound) return true;
  if (supported && first.param('reg-id') !== null) {
    ctx.log(0, 'Outbound used by UAC but not supported by edge proxy', 'registrar');
    return errors.outboundEdge;
  }
  return false;
}
