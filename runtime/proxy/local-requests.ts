/**
 * The ACK to a negative final response and the CANCEL of a branch (RFC 3261 §17.1.1.3, §9.1), made from the INVITE that
 * was sent: same Request-URI, topmost Via, From, Call-ID, CSeq number and Routes (t_msgbuilder.c, build_local_reparse).
 */
import { isDigit, isSpace } from '../message/chars.js';
import { HeaderId } from '../message/headers.js';
import { indexMessage, ParseFailure, type SipMessage } from '../message/message.js';

export function buildLocalRequest(
  method: 'ACK' | 'CANCEL',
  invite: string,
  like: Pick<SipMessage, 'received' | 'grammar'>,
  o: {
    /** Whole To field with its line end, instead of the INVITE's. */ to: string | null;
    reason: string;
    extraPrefix: string;
  },
): string | null {
  const msg = indexMessage(invite, like.received, like.grammar);
  if (msg instanceof ParseFailure) return null;
  const prefix = o.extraPrefix.toLowerCase();
  const { raw, startLine } = msg;
  let text = `${method}${raw.slice(startLine.firstEnd, msg.headers[0]?.start ?? startLine.end)}`;
  let firstVia = true;
  for (const h of msg.headers) {
    const line = raw.slice(h.start, h.end);
    switch (h.id) {
      case HeaderId.CSeq: {
        let at = h.valueStart;
        while (at < h.valueEnd && (isDigit(raw.charCodeAt(at)) || isSpace(raw.charCodeAt(at)))) at++;
        text += `${raw.slice(h.start, at)}${method}\r\n`;
        break;
      }
      case HeaderId.Via:
        if (firstVia) text += line;
        firstVia = false;
        break;
      case HeaderId.To:
        text += o.to ?? line;
        break;
      case HeaderId.From:
      case HeaderId.CallId:
      case HeaderId.Route:
      case HeaderId.MaxForwards:
        text += line;
        break;
      case HeaderId.ContentLength:
        text += `${h.name}: 0\r\n`;
        break;
      case HeaderId.Require:
      case HeaderId.ProxyRequire:
        break;
      default:
        if (prefix !== '' && line.slice(0, prefix.length).toLowerCase() === prefix) text += line;
    }
  }
  return `${text}${o.reason}\r\n`;
}
