/** The parameters of registrar, as the code sees them: `me.params`, read at each use because some are live. */
import type { PvRef, RouteContext } from '../../runtime/sdk/index.js';

export interface RegistrarParams {
  readonly default_expires: number;
  readonly default_expires_range: number;
  readonly expires_range: number;
  readonly default_q: number;
  readonly append_branches: number;
  readonly case_sensitive: number;
  readonly realm_prefix: string;
  readonly min_expires: number;
  readonly min_expires_mode: number;
  readonly max_expires: number;
  readonly received_param: string;
  readonly received_avp: PvRef<RouteContext> | undefined;
  readonly max_contacts: number;
  readonly retry_after: number;
  readonly method_filtering: number;
  readonly use_path: number;
  readonly path_mode: number;
  readonly path_use_received: number;
  readonly path_check_local: number;
  readonly gruu_enabled: number;
  readonly contact_max_size: number;
  readonly use_expired_contacts: number;
  readonly xavp_cfg: string;
  readonly xavp_rcd: string;
  readonly xavp_rcd_mask: number;
  readonly sock_mode: number;
  readonly sock_flag: number;
  readonly sock_hdr_name: string;
  readonly outbound_mode: number;
  readonly regid_mode: number;
  readonly flow_timer: number;
  readonly lookup_filter_mode: number;
}
