/** What dbg_sip_msg() shows. */
import { applyChanges, type RouteContext, type SipMessage } from '../../runtime/sdk/index.js';

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
