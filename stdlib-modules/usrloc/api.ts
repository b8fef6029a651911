/** What other modules (registrar, nathelper) get of usrloc. */
import type { RouteContext, XavpValue } from '../../runtime/sdk/index.js';
import type { Location } from './location.js';
import type { Held } from './persistence.js';

export interface UsrlocApi {
  readonly location: Location;
  readonly useDomain: boolean;
  /** Bit mask of `nat_bflag`, 0 when not set. */
  readonly natFlag: number;
  readonly serverId: number;
  aorHash(aor: string): number;
  /** A record id for a contact that registrar stores. */
  nextRuid(): string;
  /** A copy of the `xavp_contact` of this run, to be kept with a contact; null when there is none. */
  xavpOf(ctx: RouteContext): XavpValue | null;
  /** Gives the run the one kept with a contact, as the `index`-th of its name. */
  giveXavp(ctx: RouteContext, contact: { readonly xavp: XavpValue | null }, index: number): void;
  /** With `db_mode` 1 and 3: what is done with a record may wait for the database. */
  readonly waits: boolean;
  /**
   * With `db_mode` 3: nobody else has the record until it is released, and it is as the database has it; rejects with a
   * `DbError`. Null with other modes: memory has it.
   */
  hold(table: string, aor: string): Promise<Held> | null;
  /**
   * With `db_mode` 1: settles when the changes of a record are written, or could not be; false when the database cannot hold them.
   * Null: nothing is under way.
   */
  written(table: string, aor: string): Promise<boolean> | null;
  /** AORs keep their case (registrar's `case_sensitive`): how RPC commands compare. */
  setCaseSensitive(on: boolean): void;
}
export { RuidSource } from '../../runtime/sdk/index.js';
export type { Contact, ContactInfo } from './contact.js';
export { EXPIRED, Q_UNSET } from './contact.js';
export { AorRecord, aorHash, Domain, type Found, Location } from './location.js';
