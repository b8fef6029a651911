/** Flags of rtpproxy functions: one letter each. */
import type { RouteContext } from '../../runtime/sdk/index.js';

export interface Flags {
  /** Via whose branch is sent with the Call-ID: 0 none. */
  readonly via: 0 | 1 | 2;
  readonly extraId: boolean;
  /** Options of the command, in their order. */
  readonly options: string;
  /** Where the media came from is the address in the SDP, not the sender's. */
  readonly trustSdp: boolean;
  /** Only a session that is there. */
  readonly lookup: boolean;
  /** Although another proxy did it already. */
  readonly force: boolean;
  readonly commonAddress: boolean;
  /** Between IPv4 and IPv6: which sides follows from the address. */
  readonly bridge: boolean;
  /** `Z20`. */
  readonly repacketize: string;
  readonly withoutToTag: boolean;
}

/** Null: unknown. */
export function parseFlags(ctx: RouteContext, text: string): Flags | null {
  let via: 0 | 1 | 2 = 0;
  let options = '';
  let repacketize = '';
  const seen = new Set<string>();
  for (const found of text.matchAll(/[zZ]\d*|[\s\S]/g)) {
    const [item] = found;
    const letter = (item[0] ?? '').toLowerCase();
    // As it stands in Kamailio: an upper-case B is unknown.
    if (!'123aielfrcoxwzt'.includes(letter) && item !== 'b') {
      ctx.log(-1, `unknown option '${item}'`, 'rtpproxy');
      return null;
    }
    seen.add(letter);
    if (letter === '1' || letter === '2') via = letter === '1' ? 1 : 2;
    else if (letter === '3') via = ctx.msg.isRequest ? 1 : 2;
    else if ('aie'.includes(letter)) options += letter.toUpperCase();
    else if (letter === 'w') options += 'S';
    else if (letter === 'z') repacketize += `Z${item.slice(1)}`;
  }
  const has = (letter: string) => seen.has(letter);
  return {
    via,
    options,
    repacketize,
    extraId: has('b'),
    trustSdp: has('a') || has('r'),
    lookup: has('l'),
    force: has('f'),
    commonAddress: has('c'),
    bridge: has('x'),
    withoutToTag: has('t'),
  };
}
