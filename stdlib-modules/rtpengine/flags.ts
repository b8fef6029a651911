/**
 * The flags of rtpengine functions (`RTP/SAVP ICE=force replace-origin transcode-PCMU`) as entries of an ng command, as
 * Kamailio's module translates them.
 */

import { type Bencode, Dictionary } from './bencode.js';
import { type Operation, withoutToTag } from './operations.js';

/** Where the value of `via-branch` comes from; see `viaBranchOf`. */
export type ViaChoice = 'none' | 'first' | 'second' | 'auto' | 'extra' | 'next' | 'auto-next' | 'auto-extra';

/** What the flags change, beside the entries they add. */
export interface FlagSet {
  readonly operation: Operation;
  readonly callId: string;
  readonly fromTag: string;
  readonly toTag: string;
  /** The tags were asked for, whatever the message is. */
  readonly directional: boolean;
  readonly withToTag: boolean;
  readonly via: ViaChoice;
  /** In the order they were written; then the lists, in the order they are sent. */
  readonly entries: readonly (readonly [string, Bencode])[];
}
export interface FlagDefaults {
  readonly operation: Operation;
  readonly callId: string;
  readonly fromTag: string;
  readonly toTag: string;
  readonly fragment: boolean;
}

const viaChoices: Readonly<Record<string, ViaChoice>> = {
  auto: 'auto', extra: 'extra', next: 'next', 'auto-next': 'auto-next', 'next-auto': 'auto-next',
  'auto-extra': 'auto-extra', 'extra-auto': 'auto-extra',
}; // biome-ignore format: one table
const transports = ['RTP/AVP', 'RTP/SAVP', 'RTP/AVPF', 'RTP/SAVPF', 'UDP/TLS/RTP/SAVP', '', 'UDP/TLS/RTP/SAVPF'];
/** Bits of the index above. */
const Transport = { srtp: 1, feedback: 2, dtls: 4 } as const;

/** Flags with a list of their own: `replace-origin` or `replace=origin`. */
const lists: readonly (readonly [prefix: string, key: string])[] = [
  ['replace', 'replace'],
  ['SDES', 'SDES'],
  ['T38', 'T.38'],
  ['T.38', 'T.38'],
  ['rtcp-mux', 'rtcp-mux'],
];
const codecLists: readonly (readonly [prefix: string, key: string])[] = [
  ['transcode', 'transcode'],
  ['codec-transcode', 'transcode'],
  ['codec-strip', 'strip'],
  ['codec-offer', 'offer'],
  ['codec-mask', 'mask'],
  ['codec-set', 'set'],
  ['codec-except', 'except'],
];

/** `value` of `prefix=value` or `prefix-value`; null when it is another flag. */
function valueBehind(key: string, value: string | null, prefix: string): string | null {
  if (key === prefix) return value || null;
  return key.startsWith(`${prefix}-`) && key.length > prefix.length + 1 ? key.slice(prefix.length + 1) : null;
}
const leadingInt = (text: string): number => Number(/^\s*[-+]?\d{1,9}/.exec(text)?.[0] ?? 0);

class FlagParser {
  private readonly entries: [string, Bencode][] = [];
  private readonly flags: string[] = [];
  private readonly direction: string[] = [];
  private readonly fromTags: string[] = [];
  private readonly lists = new Map<string, string[]>();
  private readonly codec = new Dictionary();
  private transport: number | null = null;
  private operation: Operation;
  private callId: string;
  private fromTag: string;
  private toTag: string;
  private directional = false;
  private withToTag: boolean;
  private via: ViaChoice = 'none';

  constructor(
    private readonly defaults: FlagDefaults,
    /** Offers and answers take lists about media; others send such flags as they are written. */
    private readonly media: boolean,
  ) {
    this.operation = defaults.operation;
    this.callId = defaults.callId;
    this.fromTag = defaults.fromTag;
    this.toTag = defaults.toTag;
    this.withToTag = !withoutToTag.has(defaults.operation);
  }

  /** What is wrong with the flag, or null. */
  take(key: string, value: string | null): string | null {
    if (this.takeList(key, value)) return null;
    if (value === null && this.takeTransport(key)) return null;
    switch (key) {
      case 'TOS':
        if (value === null) break;
        this.entries.push(['TOS', leadingInt(value)]);
        return null;
      case 'to-tag':
        if (value !== null) this.toTag = value;
        this.withToTag = true;
        return null;
      case 'call-id':
        if (value === null) return 'missing value';
        this.callId = value;
        return null;
      case 'from-tag':
        if (value === null) return 'missing value';
        this.fromTag = value;
        this.directional = true;
        return null;
      case 'from-tags':
        if (this.defaults.operation !== 'subscribe request') break;
        if (value === null) return 'missing value';
        this.fromTags.push(value);
        return null;
      case 'internal':
      case 'external':
        if (!this.media) break;
        this.direction.push(key);
        return null;
      case 'direction':
        if (!this.media || value === null) break;
        this.direction.push(value);
        return null;
      case 'via-branch':
        return this.takeVia(value);
      case 'repacketize': {
        const packet = leadingInt(value ?? '');
        if (packet <= 0) return value === null ? 'missing value' : 'invalid value';
        this.entries.push(['repacketize', packet]);
        return null;
      }
      case 'directional':
        this.directional = true;
        return null;
      case 'force-answer':
        if (this.operation !== 'offer') return 'cannot force answer in non-offer command';
        this.operation = 'answer';
        return null;
      case 'delete-delay':
        // Sent both ways: rtpengine reads the number.
        if (value !== null) this.entries.push(['delete delay', leadingInt(value)]);
        break;
    }
    if (value === null) this.flags.push(key);
    else this.entries.push([key, value]);
    return null;
  }

  private takeList(key: string, value: string | null): boolean {
    for (const [prefix, name] of lists) {
      const item = valueBehind(key, value, prefix);
      if (item === null) continue;
      // Without an SDP there is nothing they could be about, and they are not sent.
      if (!this.media) return true;
      const list = this.lists.get(name) ?? [];
      list.push(item);
      this.lists.set(name, list);
      return true;
    }
    for (const [prefix, name] of codecLists) {
      const item = valueBehind(key, value, prefix);
      if (item === null) continue;
      if (!this.media) return true;
      const list = this.codec.get(name);
      if (Array.isArray(list)) list.push(item);
      else this.codec.add(name, [item]);
      return true;
    }
    return false;
  }
  private takeTransport(key: string): boolean {
    const bits = this.transport ?? 0;
    const whole = transports.indexOf(key);
    if (whole >= 0 && key !== '') this.transport = whole;
    else if (key === 'RTP') this.transport = bits & ~Transport.srtp;
    else if (key === 'AVP') this.transport = bits & ~Transport.feedback;
    else if (key === 'SRTP') this.transport = bits | Transport.srtp;
    else if (key === 'AVPF') this.transport = bits | Transport.feedback;
    else if (key === 'DTLS') this.transport = bits | Transport.dtls;
    else return false;
    return true;
  }
  private takeVia(value: string | null): string | null {
    if (value === null) return 'missing value';
    const choice = value.startsWith('1') ? 'first' : value.startsWith('2') ? 'second' : viaChoices[value];
    if (choice === undefined) return 'invalid value';
    this.via = choice;
    return null;
  }

  done(): FlagSet {
    const { entries } = this;
    const listed = (name: string, key = name) => {
      const list = this.lists.get(name);
      if (list !== undefined) entries.push([key, list]);
    };
    if (this.defaults.fragment) this.flags.push('fragment');
    if (this.direction.length > 0) entries.push(['direction', this.direction]);
    if (this.flags.length > 0) entries.push(['flags', this.flags]);
    listed('replace');
    if (this.codec.entries.length > 0) entries.push(['codec', this.codec]);
    const transport = transports[this.transport ?? 0];
    // There is no name for DTLS with feedback off and SRTP said too.
    if (this.transport !== null) entries.push(['transport-protocol', transport || 'UDP/TLS/RTP/SAVP']);
    listed('rtcp-mux');
    listed('SDES');
    listed('T.38');
    if (this.fromTags.length > 0) entries.push(['from-tags', this.fromTags]);
    return {
      operation: this.operation,
      callId: this.callId,
      fromTag: this.fromTag,
      toTag: this.toTag,
      directional: this.directional,
      withToTag: this.withToTag,
      via: this.via,
      entries,
    };
  }
}

/** The flags, or what is wrong with which of them. */
export function parseFlags(text: string, defaults: FlagDefaults): FlagSet | string {
  const parser = new FlagParser(defaults, defaults.operation === 'offer' || defaults.operation === 'answer');
  for (let at = 0; ; ) {
    while (text[at] === ' ') at++;
    const blank = text.indexOf(' ', at);
    const end = blank < 0 ? text.length : blank;
    const item = text.slice(at, end);
    const eq = item.indexOf('=');
    const key = eq < 0 ? item : item.slice(0, eq);
    if (key === '') return parser.done();
    const problem = parser.take(key, eq < 0 ? null : item.slice(eq + 1));
    if (problem !== null) return `error processing flag '${item}': ${problem}`;
    at = end;
  }
}
