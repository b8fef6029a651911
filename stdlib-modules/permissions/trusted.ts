/** Peers that need no password: by source address, protocol, and patterns for From and the Request-URI. */
import { compileRegex, type Regex } from '../../runtime/sdk/index.js';

export interface Peer {
  readonly source: string;
  /** `any`, or the name of a protocol. */
  readonly proto: string;
  readonly from: Regex | null;
  readonly uri: Regex | null;
  readonly tag: string | null;
  readonly priority: number;
  readonly written: { readonly from: string | null; readonly uri: string | null };
}

const PROTOS = new Set(['any', 'udp', 'tcp', 'tls', 'sctp', 'ws', 'wss']);
export const isProto = (text: string): boolean => PROTOS.has(text.toLowerCase());

/**
 * The patterns are basic regular expressions (`regcomp` without REG_EXTENDED): what groups, repeats and alternates there has a
 * backslash, and means itself without one. Written as an extended one.
 */
export function extendedOf(basic: string): string {
  let out = '';
  for (let i = 0; i < basic.length; i++) {
    const c = basic[i] ?? '';
    if (c === '[') {
      const close = basic.indexOf(']', basic[i + 1] === '^' ? i + 3 : i + 2);
      if (close < 0) return basic;
      out += basic.slice(i, close + 1);
      i = close;
    } else if (c === '\\' && i + 1 < basic.length) {
      const next = basic[++i] ?? '';
      out += '(){}+?|'.includes(next) ? next : `\\${next}`;
    } else if ('(){}+?|'.includes(c)) out += `\\${c}`;
    else if (c === '*' && (out === '' || out.endsWith('(') || out === '^')) out += '\\*';
    else out += c;
  }
  return out;
}

/** Null when the text is no pattern. */
function patternOf(text: string | null): Regex | null {
  return text === null ? null : compileRegex(extendedOf(text), {});
}

/** Throws when a pattern cannot be read. */
export function peerOf(
  source: string,
  proto: string,
  from: string | null,
  uri: string | null,
  tag: string | null,
  priority: number,
): Peer {
  return { source, proto, from: patternOf(from), uri: patternOf(uri), tag, priority, written: { from, uri } };
}

/** The peers that let this request in, in their order. `proto` `any` fits each. */
export function matching(peers: readonly Peer[], source: string, proto: string, from: string, uri: string): Peer[] {
  const wanted = proto.toLowerCase();
  return peers.filter((peer) => {
    const own = peer.proto.toLowerCase();
    if (peer.source !== source || (wanted !== 'any' && own !== 'any' && own !== wanted)) return false;
    return (peer.from?.test(from) ?? true) && (peer.uri?.test(uri) ?? true);
  });
}
