/**
 * Waiting where others wait behind it. Evidence: kamailio#3068, #3075. In Kamailio each of these holds a worker. With sipc
 * no worker is held, so a query or an HTTP request in a request route is nothing to warn of; what stays is sleeping, and
 * waiting in reply and onsend routes, which hold up the responses behind.
 */
import type { CallExpression } from '../../ast.js';
import { blockingCall } from '../../diagnostics/6xxx-async.js';
import type { Rule } from '../lint.js';

const sleeps = /^u?sleep$/;
const waits = /^(?:sql_x?query|sql_pvquery|avp_db_query|http_client_query|http_connect|http_client_get|exec_\w+)$/;

export const checkBlockingCalls: Rule = ({ calls, found }) => {
  for (const { node, route } of calls) {
    const name = node.name.text;
    const inReply = route.kinds.some((k) => k === 'core_reply' || k === 'tm_reply' || k === 'onsend');
    if (sleeps.test(name) && !isShort(node)) found.report(blockingCall, node.name.span, { name, where: 'everywhere' });
    else if (inReply && waits.test(name)) found.report(blockingCall, node.name.span, { name, where: 'reply' });
  }
};

/** Less than a phone takes to repeat a request (RFC 3261 §17.1.1.2, timer A: 500 ms), by far. */
function isShort({ name, args }: CallExpression): boolean {
  const time = args[0]?.kind === 'str' || args[0]?.kind === 'int' ? Number(args[0].value) : Number.NaN;
  return (name.text === 'usleep' ? time / 1_000_000 : time) < 0.1;
}
