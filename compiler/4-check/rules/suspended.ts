/**
 * Suspended transactions: none to suspend, a route that is resumed in another kind than it is written for, and what is done
 * to a request after it was suspended. Evidence: kamailio#750, #1160, #3009, #322, #645; tm/t_suspend.c sets the kind. In
 * 5.6.3 t_suspend(), async_route() and async_sleep() make the transaction themselves; http_async_query() does not. Those of
 * async end the script when they have suspended it; behind async_sleep() it goes on later.
 */
import { allowedIn } from '../../3-bind/calls.js';
import { continueNotSuspended, resumeContext, suspendWithoutTransaction } from '../../diagnostics/6xxx-async.js';
import { relayFunctions, replyFunctions } from '../effects.js';
import { known } from '../facts.js';
import { resumedRoutes } from '../flow.js';
import { functionOf, type Rule } from '../lint.js';

const suspending =
  /^(?:t_suspend|async_(?:ms_)?(?:route|sleep)|async_task(?:_group)?_route|http_async_query|evapi_async_relay)$/;

export const checkSuspended: Rule = ({ program, calls, flow, found }) => {
  const resumed = resumedRoutes(program);
  for (const site of calls) {
    const { node } = site;
    const name = node.name.text;
    const visits = flow.visits.get(node) ?? [];
    if (name === 'http_async_query' && writesNoTransaction(visits))
      found.report(suspendWithoutTransaction, node.name.span, { name });
    const again = suspending.test(name) || replyFunctions.has(name) || relayFunctions.has(name);
    const after = again ? visits.find(({ state }) => known(state, 'suspended') === 'yes') : undefined;
    const before = after?.state.relay;
    if (before)
      found.report(continueNotSuspended, node.name.span, { name, before: before.name.text }, [
        { span: before.name.span, message: 'suspended here' },
      ]);
    const call = functionOf(site);
    if (!call || site.route.table !== 'routes') continue;
    const wrong = visits.find((v) => v.root.table === 'routes' && !allowedIn(call.declaration.routes, v.state.kinds));
    const by = wrong && resumed.get(wrong.root.name);
    if (wrong && by)
      found.report(
        resumeContext,
        node.name.span,
        { name, resumed: wrong.root.name, by: by.name.text, allowed: call.declaration.routes },
        [{ span: by.name.span, message: 'named here' }],
      );
  }
};

const writesNoTransaction = (visits: readonly { readonly state: Parameters<typeof known>[0] }[]): boolean =>
  visits.some(({ state }) => state.kinds.includes('request') && known(state, 'transaction') === 'no');
