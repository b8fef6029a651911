/**
 * Global parameters of Kamailio that nothing here acts on yet: a cfg may set them, `sipc check` says so once each.
 * Those after 5.6.3 are the newest version's.
 */
import { missingInt, missingStr } from './spec.js';

export const missingSettings = {
  // After 5.6.3.
  msg_apply_changes_mode: missingInt(0, '1: changes are applied before the transaction is made.'),
  xavp_via_reply_params: missingStr('', 'Xavp whose fields become Via parameters of responses.'),
} as const;
