/**
 * Max-Forwards (RFC 3261 §16.3 item 3, §16.6 item 3).
 */
import { defineModule, HeaderId, type RouteContext, type Verdict, varInt } from '../../runtime/sdk/index.js';

const KEY = 'maxfwd.value';

/** Value as it stands after what this run did to it; -1 absent, -2 not a number. Kamailio: maxfwd/mf_funcs.c. */
function current(ctx: RouteContext): number {
  const known = ctx.data.get(KEY);
  if (typeof known === 'number') return known;
  const { msg } = ctx;
  const text = msg.headerValue(HeaderId.MaxForwards);
  if (text === null) return msg.broken ? -2 : -1;
  // Kamailio's str2s(): at most five digits and nothing else, of which it keeps 16 bits; none at all is 0.
  return /^\d{0,5}$/.test(text) ? Number(text) & 0xffff : -2;
}

function process(ctx: RouteContext, limit: number, maxLimit: number): Verdict {
  if (limit < 0 || limit > 255) return -1;
  let value = current(ctx);
  const { msg, draft } = ctx;
  if (value === -1) {
    draft.edits.insert(msg.headers[0]!.start, `Max-Forwards: ${limit}\r\n`, HeaderId.MaxForwards);
    return 2;
  }
  if (value < 0) return -2;
  if (value === 0) return -1;
  if (value > maxLimit) value = maxLimit + 1;
  value--;
  ctx.data.set(KEY, value);
  const field = msg.header(HeaderId.MaxForwards)!;
  let end = field.valueStart;
  while (end < field.valueEnd && msg.raw.charCodeAt(end) >= 0x30 && msg.raw.charCodeAt(end) <= 0x39) end++;
  // Kamailio writes over the digits in place: 10 becomes " 9".
  const width = end - field.valueStart;
  draft.edits.drop((e) => e.about === HeaderId.MaxForwards && e.start === field.valueStart);
  const written = String(value).padStart(width, ' ').slice(-width);
  draft.edits.replace(field.valueStart, end, written, HeaderId.MaxForwards);
  field.overwrite(written);
  return 1;
}

export default defineModule({
  name: 'maxfwd',
  doc: 'Max-Forwards checks (RFC 3261 §16.3 item 3, §16.6 item 3).',
  uses: [],
  params: {
    max_limit: { type: 'int', default: 70, min: 0, max: 255, live: true, doc: 'Upper limit for the value sent on.' },
  },
  stats: {},
  functions: {
    maxfwd_process: {
      doc: 'Decrements Max-Forwards, or inserts it with `max` when the request has none.',
      args: [varInt('max', 'value to insert, 0 to 255')],
      routes: ['request'],
      aliases: ['mf_process_maxfwd_header', 'process_maxfwd'],
      returns: { 2: 'inserted', 1: 'decremented', [-1]: 'was already 0: answer 483', [-2]: 'not a number' },
      example: 'if (!maxfwd_process("10")) { sl_send_reply("483", "Too Many Hops"); exit; }',
      run: (me, ctx, max) => process(ctx, max, me.params.max_limit),
    },
    is_maxfwd_lt: {
      doc: 'True when the Max-Forwards value is below `max`.',
      args: [varInt('max', '0 to 255')],
      routes: ['request', 'failure', 'branch'],
      aliases: ['maxfwd_at_least', 'mf_lowlimit'],
      returns: { 1: 'below', [-1]: 'not below', [-2]: 'no Max-Forwards', [-3]: 'not a number' },
      example: 'if (is_maxfwd_lt("10")) { xlog("nearly there\\n"); }',
      run(_me, ctx, max) {
        if (max < 0 || max > 255) return -1;
        const value = current(ctx);
        if (value < 0) return value - 1;
        return value >= max ? -1 : 1;
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
