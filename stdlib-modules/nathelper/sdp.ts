/**
 * Addresses in an SDP body (RFC 8866 §5.7): found for the tests, replaced by fix_nated_sdp().
 */
import {
  boundaryOf,
  equalsIgnoreCase,
  type RouteContext,
  type SipMessage,
  type Verdict,
} from '../../runtime/sdk/index.js';

interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Where the SDP is, without line ends at its end; null when there is none. */
export function sdpExtent(msg: SipMessage): Extent | null {
  const length = msg.contentLength;
  if (!msg.complete || length === null || length <= 0 || msg.bodyStart + length > msg.raw.length) return null;
  const type = (msg.contentType ?? 'application/sdp').split(';')[0]?.trim() ?? '';
  const body = { start: msg.bodyStart, end: msg.bodyStart + length };
  if (equalsIgnoreCase(type, 'application/sdp')) return trimmed(msg.raw, body);
  if (!equalsIgnoreCase(type, 'multipart/mixed')) return null;
  const boundary = boundaryOf(msg.contentType ?? '');
  const at = boundary === null ? -1 : msg.raw.toLowerCase().indexOf('content-type: application/sdp', body.start);
  if (boundary === null || at < 0) return null;
  const start = msg.raw.indexOf('\r\n\r\n', at);
  const end = msg.raw.indexOf(`--${boundary}`, at);
  return start < 0 || end < start ? null : trimmed(msg.raw, { start: start + 4, end });
}
function trimmed(raw: string, { start, end }: Extent): Extent | null {
  let to = end;
  while (to > start && (raw[to - 1] === '\r' || raw[to - 1] === '\n')) to--;
  return to === start ? null : { start, end: to };
}

interface Address {
  readonly start: number;
  readonly text: string;
  readonly family: 4 | 6;
}
/** `IN IP4 10.0.0.1` in the lines that begin so; null where a line has no address. */
function addressesIn(raw: string, { start, end }: Extent, line: string): (Address | null)[] {
  const found: (Address | null)[] = [];
  for (let at = start; at < end; ) {
    const lf = raw.indexOf('\n', at);
    const stop = lf < 0 || lf > end ? end : lf;
    if (raw.startsWith(line, at)) {
      const match = /\bIP([46])[ \t]+(\S+)/.exec(raw.slice(at, stop));
      const text = match?.[2] ?? '';
      found.push(
        match === null
          ? null
          : { start: at + match.index + match[0].length - text.length, text, family: match[1] === '6' ? 6 : 4 },
      );
    }
    at = stop + 1;
  }
  return found;
}
const isNull = ({ text, family }: Address): boolean => (family === 6 ? /^[0:]*$/.test(text) : text === '0.0.0.0');

/** IPv4 addresses of the media, up to one that is 0.0.0.0 or IPv6. */
export function mediaAddresses(msg: SipMessage): string[] {
  const extent = sdpExtent(msg);
  if (extent === null) return [];
  const { raw } = msg;
  const lines = raw.slice(extent.start, extent.end).split('\n');
  let session: string | null = null;
  const media: (string | null)[] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) media.push(null);
    const address = line.startsWith('c=') ? (/\bIP[46][ \t]+(\S+)/.exec(line)?.[1] ?? null) : null;
    if (address === null) continue;
    if (media.length === 0) session = address;
    else media[media.length - 1] = address;
  }
  const all = media.map((own) => own ?? session ?? '');
  const end = all.findIndex((ip) => ip === '0.0.0.0' || ip.includes(':'));
  return end < 0 ? all : all.slice(0, end);
}
/** The session's own address. */
export function sessionAddress(msg: SipMessage): string | null {
  const extent = sdpExtent(msg);
  if (extent === null) return null;
  const media = msg.raw.indexOf('\nm=', extent.start);
  const head = { start: extent.start, end: media < 0 || media > extent.end ? extent.end : media };
  return addressesIn(msg.raw, head, 'c=')[0]?.text ?? null;
}

export const SdpFix = { direction: 1, media: 2, noRtpProxy: 4, origin: 8 } as const;
export interface SdpOptions {
  readonly noRtpProxy: string;
  /** `a=oldmediaip:` lines tell what was replaced. */
  readonly keepOld: boolean;
}

/** How many addresses were replaced; null: a line has none, or the families differ. */
function replaceIn(ctx: RouteContext, extent: Extent, line: string, ip: string, keepOld: boolean): number | null {
  let family = 0;
  let count = 0;
  for (const address of addressesIn(ctx.msg.raw, extent, line)) {
    if (address === null) {
      if (line === 'a=rtcp') continue;
      return null;
    }
    if (family === 0) family = address.family;
    else if (family !== address.family) return null;
    if (isNull(address) || address.text === ip) continue;
    if (keepOld)
      ctx.draft.edits.insert(
        extent.end,
        `\r\na=${address.family === 6 ? 'oldmediaip6' : 'oldmediaip'}:${address.text}`,
      );
    ctx.draft.edits.replace(address.start, address.start + address.text.length, ip);
    count++;
  }
  return count;
}

export function fixSdp(ctx: RouteContext, level: number, ip: string, options: SdpOptions): Verdict {
  const extent = sdpExtent(ctx.msg);
  if (extent === null) return -1;
  const { raw } = ctx.msg;
  const { edits } = ctx.draft;
  if (level & SdpFix.direction) {
    let at = raw.indexOf('\r\nm=', extent.start);
    while (at >= 0 && at < extent.end) {
      const next = raw.indexOf('\r\nm=', at + 4);
      const end = next < 0 || next > extent.end ? extent.end : next;
      edits.insert(end, '\r\na=direction:active');
      at = next;
    }
  }
  if (level & SdpFix.noRtpProxy && options.noRtpProxy !== '') edits.insert(extent.end, `\r\n${options.noRtpProxy}`);
  if ((level & (SdpFix.media | SdpFix.origin)) === 0) return 2;
  const lines = ['a=rtcp', ...(level & SdpFix.media ? ['c='] : []), ...(level & SdpFix.origin ? ['o='] : [])];
  let count = 0;
  for (const line of lines) {
    const replaced = replaceIn(ctx, extent, line, ip, options.keepOld);
    if (replaced === null) return -1;
    count += replaced;
  }
  return count > 0 ? 1 : 2;
}
