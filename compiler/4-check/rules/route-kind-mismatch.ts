/**
 * Functions reached from a kind of block they do not work in. Evidence: Kamailio's own test is made while parsing and
 * knows only the block a call is written in; opensips#563 shows what comes of it. Only functions that act are looked at:
 * those that read, such as check_route_param(), work wherever a route[…] takes them, and the default cfg relies on it.
 */
import { allowedIn } from '../../3-bind/calls.js';
import { routeKindMismatch } from '../../diagnostics/6xxx-lint.js';
import { functionOf, type Rule, titleOf } from '../lint.js';

const acting =
  /^(?:t_relay\w*|t_newtran|t_replicate|t_reply|t_send_reply|forward\w*|sl_\w*repl\w*|send_reply\w*|options_reply|loose_route\w*|record_route\w*|save|lookup\w*|append_branch|msg_apply_changes|msg_set_buffer|change_reply_status\w*|t_cancel_branches|t_drop_replies|maxfwd_process|mf_process_maxfwd_header|process_maxfwd)$/;

export const checkRouteKinds: Rule = ({ calls, flow, found }) => {
  for (const site of calls) {
    const call = functionOf(site);
    if (!call || site.route.table !== 'routes' || !acting.test(site.node.name.text)) continue;
    const wrong = flow.visits
      .get(site.node)
      ?.find((v) => v.root.table !== 'routes' && !allowedIn(call.declaration.routes, v.state.kinds));
    if (!wrong) continue;
    const first = wrong.chain[0];
    found.report(
      routeKindMismatch,
      site.node.name.span,
      { name: site.node.name.text, root: titleOf(wrong.root), allowed: call.declaration.routes },
      first ? [{ span: first.span, message: `from ${titleOf(wrong.root)} through here` }] : [],
    );
  }
};
