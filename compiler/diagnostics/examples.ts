/** Pieces of the example cfgs of diagnostics. */

export const modules = (...names: string[]): string => names.map((n) => `loadmodule "${n}.so"\n`).join('');

/** A route that does what every proxy should, so that an example shows the one thing it is about. */
export const guarded = `${modules('tm', 'sl', 'pv', 'textops', 'siputils', 'maxfwd', 'sanity', 'rr')}route[GUARD] {
  if (is_method("CANCEL")) exit;
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check()) exit;
  if (!has_totag()) { remove_hf("Route"); record_route(); return; }
  if (!loose_route()) { sl_send_reply("404", "Not here"); exit; }
}
`;
