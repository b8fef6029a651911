/** What dbg_pv_dump() and dbg_sip_msg() show. */
import {
  applyChanges,
  jsonText,
  type PvRef,
  type RouteContext,
  type SipMessage,
  type Value,
  type XavpRecord,
  type XavpValue,
} from '../../runtime/sdk/index.js';

export const Shown = { undefined: 1, avp: 2, scriptVar: 4, xavp: 8, other: 16 } as const;
export const SHOW_ALL = 31;

/** Classes of their own in Kamailio (pv.c), which its dump leaves out. */
const leftOut: ReadonlySet<string> = new Set(
  (
    'Bf Tf Ts bF bR bf br branch ds du duri from fu hdr hdrc hfl hflc null ou ouri rU rUl rb rd rr_count rr_top_count ' +
    'ru ruri sbranch tcp time timef to tu utime utimef ws_conid xavi xavu'
  ).split(' '),
);

interface Written {
  readonly name: string;
  readonly key: string;
  readonly index: string;
}
/** `$avp(x)`, `$(avp(x)[0])`. */
function taken(text: string): Written | null {
  const found = /^\$\(?([A-Za-z_][\w.]*)(?:\((.*?)\))?(?:\[(.*?)\])?\)?$/s.exec(text);
  return found === null ? null : { name: found[1] ?? '', key: found[2] ?? '', index: found[3] ?? '' };
}

const json = (value: Value): string =>
  value === null ? 'null' : typeof value === 'number' ? String(value) : jsonText(value);
const list = (values: readonly string[]): string => `[${values.join(',')}]`;
const fieldJson = (value: XavpValue): string => (typeof value === 'object' ? jsonText('<<xavp>>') : json(value));

function recordJson(record: XavpRecord): string {
  const fields = record.names().map((name) => `${jsonText(name)}:${list(record.all(name).map(fieldJson))}`);
  return `{${fields.join(',')}}`;
}

/** The pseudo-variables of the cfg with their values, as one JSON object. */
export function variablesJson(ctx: RouteContext, mask: number): string {
  const entries = new Map<string, string>();
  const show = (name: string, text: string, empty: boolean) => {
    if (!empty || (mask & Shown.undefined) !== 0) entries.set(name, text);
  };
  for (const pv of ctx.config.pvs) {
    const written = taken(pv.name);
    if (written === null || leftOut.has(written.name)) continue;
    if (written.name === 'avp') {
      if ((mask & Shown.avp) === 0 || !['', '0'].includes(written.index)) continue;
      const values = ctx.avps.all(written.key.replace(/^s:/, ''));
      show(`$avp(${written.key})`, list(values.map(json)), values.length === 0);
    } else if (written.name === 'xavp') {
      if ((mask & Shown.xavp) === 0) continue;
      const root = written.key.replace(/\[.*|=>.*/s, '');
      const records = ctx.xavps.all(root).flatMap((v) => (typeof v === 'object' ? [recordJson(v)] : []));
      show(`$xavp(${root})`, list(records), records.length === 0);
    } else {
      if ((mask & (written.name === 'var' ? Shown.scriptVar : Shown.other)) === 0) continue;
      const value = read(pv, ctx);
      show(pv.name, json(value), value === null);
    }
  }
  return `{${[...entries].map(([name, text]) => `${jsonText(name)}:${text}`).join(',')}}`;
}
const read = (pv: PvRef<RouteContext>, ctx: RouteContext): Value => pv.get(ctx);

/** The message as it would leave now, and what was changed; null when that makes no message. */
export function messageText(ctx: RouteContext, line: number | null): string | null {
  const { msg, draft } = ctx;
  const changed = applyChanges(msg, draft.clone());
  if (changed === null) return null;
  const rule = (title: string, left: number, right: number) => `${'-'.repeat(left)} ${title} ${'-'.repeat(right)}\n`;
  return [
    `CONFIG LINE ${line ?? 'unknown'}\n`,
    rule('START OF SIP message debug', 25, 26),
    changed.raw,
    rule('SIP header diffs', 30, 31),
    edits(ctx, msg, 'header'),
    rule('SIP body diffs', 31, 32),
    edits(ctx, msg, 'body'),
    `${rule('END OF SIP message debug', 26, 27)}\n`,
  ].join('');
}

/** Removed text after `- `, added text as it is. */
function edits(ctx: RouteContext, msg: SipMessage, where: 'header' | 'body'): string {
  const [socket] = ctx.server.transports.sockets;
  if (socket === undefined) return '';
  const out = { socket, proto: socket.proto, hop: null, branchParam: '' };
  let text = '';
  for (const { start, end, piece } of ctx.draft.edits.entries) {
    if (start >= msg.bodyStart !== (where === 'body')) continue;
    if (end > start) {
      const removed = msg.raw.slice(start, end);
      text += `- ${removed}${removed.endsWith('\n') ? '' : '\n'}`;
    }
    if (piece !== null) text += typeof piece === 'string' ? piece : piece(out);
  }
  return text;
}
