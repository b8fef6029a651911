/** `@tm…`: the transaction seen from a route (select.c). Empty where there is no transaction or no such branch. */
import { parseBranch, type RouteContext, type Transaction, type Value } from '../../runtime/sdk/index.js';
import { found, tmOf } from './shared.js';

type Words = readonly (string | number)[];
const select = (doc: string, get: (t: Transaction, ctx: RouteContext, words: Words) => Value) => ({
  doc,
  get(_me: unknown, ctx: RouteContext, words: Words): Value | undefined {
    const t = found(ctx) ?? (ctx.kind === 'core_reply' ? tmOf(ctx).lookup(ctx.msg) : null);
    return (t === null ? null : get(t, ctx, words)) ?? undefined;
  },
});
const branch = (doc: string, get: (b: Transaction['branches'][number]) => Value) =>
  select(doc, (t, _ctx, words) => {
    const b = t.branches[Number(words[2])];
    return b === undefined ? null : get(b);
  });
const truth = (yes: boolean): string => (yes ? '1' : '-1');

/** Status seen last on the branch that the topmost Via names. */
function lastStatus(t: Transaction, ctx: RouteContext): number | null {
  const id = parseBranch(ctx.msg.via?.branch ?? '');
  return id === null ? null : (t.branches[id.branch]?.lastReceived ?? null);
}

const request = select('The request, as received.', (t) => (t.isOriginated ? null : t.request.raw));
const response = select('The last response sent.', (t) => t.lastResponse);
const negativeAckAgain = select('1: this ACK to a negative response came before; else -1.', (t, ctx) =>
  truth(ctx.msg.method === 'ACK' && t.status >= 300 && t.response?.running !== true),
);
const branchRequest = branch('The request as sent on the branch.', (b) => b.bytes);
const branchResponse = branch('The response kept of the branch.', (b) =>
  b.reply === null || typeof b.reply === 'string' ? null : b.reply.message.raw,
);

export const tmSelects = {
  tm: {
    doc: '1: there is a transaction; else 0.',
    get: (_me: unknown, ctx: RouteContext): Value => ((found(ctx) ?? tmOf(ctx).lookup(ctx.msg)) ? '1' : '0'),
  },
  'tm.method': select('Method of the request.', (t) => t.request.method),
  'tm.uas.status': select('Status sent last.', (t) => String(t.status)),
  'tm.uas.request': request,
  'tm.uas.req': request,
  'tm.uas.request.neg_ack_retransmission': negativeAckAgain,
  'tm.uas.req.neg_ack_retransmission': negativeAckAgain,
  'tm.uas.local_to_tag': select(
    'To tag of the final response made here.',
    (t) => t.localToTag || (t.lastResponse === '' ? null : ''),
  ),
  'tm.uas.response': response,
  'tm.uas.resp': response,
  'tm.uac.count': select('Number of branches.', (t) => String(t.branches.length)),
  'tm.uac.relayed': select('Branch whose response was passed on.', (t) => String(t.relayedBranch)),
  'tm.uac.last_status': select('Status seen before on the branch of this response.', (t, ctx) => {
    const last = lastStatus(t, ctx);
    return last === null ? null : String(last);
  }),
  'tm.uac.response_retransmission': select('1: no higher status than before on this branch; else -1.', (t, ctx) => {
    const last = lastStatus(t, ctx);
    return last === null ? null : truth(ctx.msg.status <= last);
  }),
  'tm.uac.#.status': branch('Status seen last on the branch.', (b) => String(b.lastReceived)),
  'tm.uac.#.uri': branch('Request-URI of the branch.', (b) => b.uri),
  'tm.uac.#.request': branchRequest,
  'tm.uac.#.req': branchRequest,
  'tm.uac.#.response': branchResponse,
  'tm.uac.#.resp': branchResponse,
};
