/** What a script can set for one call through `xavp_cfg`, and what `xavp_rcd` shows of contacts (registrar's lookup.c). */
import { type RouteContext, XavpRecord } from '../../runtime/sdk/index.js';
import type { Contact } from './location.js';

interface XavpParams {
  readonly xavp_cfg: string;
  readonly xavp_rcd: string;
  readonly xavp_rcd_mask: number;
}

/** `$xavp(cfg=>name)` when it is a number. */
export function cfgInt(params: XavpParams, ctx: RouteContext, name: string): number | null {
  if (params.xavp_cfg === '') return null;
  const value = ctx.xavps
    .record(params.xavp_cfg)
    ?.all(name)
    .find((v) => typeof v === 'number');
  return typeof value === 'number' ? value : null;
}
/** `$xavp(cfg=>name)` when it is text; '' when there is none. */
export function cfgText(params: XavpParams, ctx: RouteContext, name: string): string {
  if (params.xavp_cfg === '') return '';
  const value = ctx.xavps
    .record(params.xavp_cfg)
    ?.all(name)
    .find((v) => typeof v === 'string');
  return typeof value === 'string' ? value : '';
}

/** Bits of `xavp_rcd_mask`: what is left out. */
const Hidden = { ruid: 1, contact: 2, expires: 4, received: 8, path: 16 } as const;

/** Adds what is known of a contact to `$xavp(rcd=>…)`. */
export function showRecord(params: XavpParams, ctx: RouteContext, contact: Contact, nowSec: number): void {
  const { xavp_rcd, xavp_rcd_mask: hidden } = params;
  if (xavp_rcd === '') return;
  const known = ctx.xavps.record(xavp_rcd);
  const record = known ?? new XavpRecord();
  if (!(hidden & Hidden.ruid)) record.add('ruid', contact.ruid);
  if (!(hidden & Hidden.received) && contact.received !== '') record.add('received', contact.received);
  if (!(hidden & Hidden.contact)) record.add('contact', contact.uri);
  if (!(hidden & Hidden.expires)) record.add('expires', contact.expires - nowSec);
  if (!(hidden & Hidden.path) && contact.path !== '') record.add('path', contact.path);
  if (known === null) ctx.xavps.add(xavp_rcd, record);
}
