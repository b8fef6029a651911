/**
 * P-Charging-Vector (RFC 7315 §4.6): reading, making and replacing it.
 */
import type { RouteContext, Verdict } from '../../runtime/sdk/index.js';

export interface ChargingVector {
  /** The whole field when it was made here, its value when it was received. */
  readonly all: string;
  readonly value: string;
  readonly genaddr: string;
  readonly orig: string;
  readonly term: string;
}
export const vectorKeys = ['all', 'value', 'genaddr', 'orig', 'term'] as const;

const NAME = 'P-Charging-Vector';
const KEPT = 'siputils.pcv';

/** Text after `name=` up to a blank, `;`, `,` or the end of the line. */
function paramAfter(text: string, name: string): string {
  const at = text.indexOf(`${name}=`);
  if (at < 0) return '';
  const start = at + name.length + 1;
  let end = start;
  while (end < text.length && !' ;,\r\n\0'.includes(text.charAt(end))) end++;
  return text.slice(start, end);
}
/** Null without the icid-value, which has to be there. */
function parse(all: string): ChargingVector | null {
  if (!all.includes('icid-value=')) return null;
  return {
    all,
    value: paramAfter(all, 'icid-value'),
    genaddr: paramAfter(all, 'icid-generated-at'),
    orig: paramAfter(all, 'orig-ioi'),
    term: paramAfter(all, 'term-ioi'),
  };
}
const received = (ctx: RouteContext) => ctx.msg.headersOf(NAME).find((h) => h.value !== '');

/** The vector of this message: made by this run, or received. */
export function vectorOf(ctx: RouteContext): ChargingVector | null {
  const kept = ctx.data.get(KEPT) as { readonly id: number; readonly vector: ChargingVector } | undefined;
  if (kept !== undefined && kept.id === ctx.msg.id) return kept.vector;
  const field = received(ctx);
  return field === undefined ? null : parse(field.value);
}

/** Letters of `flags`: r removes what was received, g makes one when there is none, f makes one in any case. */
export function handleVector(ctx: RouteContext, flags: string, counter: { value: number }): Verdict {
  const wanted = flags.toLowerCase();
  const replace = wanted.includes('f');
  const field = received(ctx);
  const vector = field === undefined ? null : parse(field.value);
  ctx.data.delete(KEPT);
  if (vector !== null && field !== undefined && (replace || wanted.includes('r')))
    ctx.draft.edits.remove(field.start, field.end);
  if (!replace && !(wanted.includes('g') && vector === null)) return 1;
  const at = ctx.msg.received.socket.local.ip;
  const line = `${NAME}: icid-value=${newId(ctx, counter)}; icid-generated-at=${at}\r\n`;
  const made = parse(line);
  if (made !== null) ctx.data.set(KEPT, { id: ctx.msg.id, vector: made });
  return ctx.draft.edits.insert(ctx.msg.headersEnd, line) ? 1 : -1;
}

/** 16 bytes in hex: `IVS`, our address, the process, the second, a counter. */
function newId(ctx: RouteContext, counter: { value: number }): string {
  const { env, info } = ctx.server;
  const own =
    env.network.localAddresses().find(({ ip, internal }) => !internal && !ip.includes(':'))?.ip ?? '127.0.0.1';
  counter.value = (counter.value + 1) >>> 0;
  const count = counter.value - 1;
  const little = (n: number) => [n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff, (n >>> 24) & 0xff];
  const bytes = [
    0x49,
    0x56,
    0x53,
    ...own.split('.').map(Number),
    ...little(info.pid),
    Math.floor(env.clock.now() / 1000) & 0xff,
    ...little(count),
  ];
  return bytes.map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('');
}
