/**
 * Stands in for an rtpengine: shows each command as text and answers as the call's name says. Its bencode is its own, so that a
 * mistake in the server's is seen.
 */
import type { Speaker } from './scenario.js';

type Value = string | number | Value[] | { [key: string]: Value };

function decode(text: string): Value {
  let at = 0;
  const value = (): Value => {
    const c = text[at];
    if (c === 'i') {
      const end = text.indexOf('e', at);
      const number = Number(text.slice(at + 1, end));
      at = end + 1;
      return number;
    }
    if (c === 'l' || c === 'd') {
      at++;
      const items: Value[] = [];
      while (text[at] !== 'e') {
        if (at >= text.length) throw new Error('a list without end');
        items.push(value());
      }
      at++;
      if (c === 'l') return items;
      return Object.fromEntries(items.flatMap((key, i) => (i % 2 === 0 ? [[String(key), items[i + 1] ?? '']] : [])));
    }
    const colon = text.indexOf(':', at);
    if (colon < 0) throw new Error(`no value at ${at}`);
    const start = colon + 1;
    at = start + Number(text.slice(at, colon));
    return text.slice(start, at);
  };
  return value();
}
export function bencode(value: Value): string {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (typeof value === 'number') return `i${value}e`;
  if (Array.isArray(value)) return `l${value.map(bencode).join('')}e`;
  return `d${Object.entries(value)
    .map(([key, inner]) => bencode(key) + bencode(inner))
    .join('')}e`;
}

/** A command, line by line: what it is, its Call-ID, the rest in the order sent, the SDP last. */
function shown(command: { [key: string]: Value }): string {
  const { command: name, 'call-id': callId, sdp, ...others } = command;
  const lines = [`ng ${String(name)}`, `Call-ID: ${String(callId)}`];
  for (const [key, value] of Object.entries(others))
    lines.push(key === 'via-branch' ? `via-branch ;branch=${String(value)}` : `${key} ${JSON.stringify(value)}`);
  if (sdp !== undefined) lines.push('', String(sdp));
  return lines.join('\r\n');
}

/** Addresses and ports replaced, as a relay does; a second relay shows in the session's name. */
const relayed = (sdp: string, relay: string): string =>
  sdp
    .replace(/^c=IN IP4 .*$/gm, 'c=IN IP4 203.0.113.1\r')
    .replace(/^m=(\w+) [1-9]\d* /gm, 'm=$1 40000 ')
    .replace(/^s=(.*?)\r$/gm, `s=$1+${relay}\r`);

const mos = (n: number): Value => ({
  MOS: n,
  'reported at': 1_700_000_000 + n,
  'packet loss': n % 7,
  jitter: n % 11,
  'round-trip time': 1000 + n,
  'round-trip time leg': 500 + n,
  samples: n,
});
const quality = (n: number): Value => ({
  'average MOS': mos(n),
  'lowest MOS': mos(n - 3),
  'highest MOS': mos(n + 2),
});
/** What the call was like. */
const report: { [key: string]: Value } = {
  created: 1_699_999_900,
  totals: { RTP: { bytes: 1720, packets: 10, errors: 0 }, RTCP: { bytes: 64, packets: 1, errors: 2 } },
  tags: {
    a: { label: 'Alabel', medias: [{ streams: [{ SSRC: 11 }] }] },
    b: { label: 'Blabel', medias: [{ streams: [{ SSRC: 22 }] }, { streams: [{ SSRC: 33 }] }] },
  },
  SSRC: { '11': quality(43), '22': quality(38), '33': quality(29) },
};

/** What the call's name makes the relay `relay` answer; null: nothing. */
function answerTo(command: { [key: string]: Value }, relay: string): Value | null {
  const callId = String(command['call-id'] ?? '');
  const does = (word: string) => callId.includes(word) && !callId.includes(`${word}-not-${relay}`);
  if (does('silent')) return null;
  if (does('refused')) return { result: 'error', 'error-reason': 'Unknown call-id' };
  if (does('full')) return { result: 'error', 'error-reason': 'Parallel session limit reached' };
  if (does('noports')) return { result: 'error', 'error-reason': 'Ran out of ports' };
  if (does('loaded')) return { result: 'load limit', message: 'busy' };
  if (does('strange')) return { result: 'maybe' };
  if (does('empty')) return {};
  switch (command.command) {
    case 'ping':
      return { result: 'pong' };
    case 'offer':
    case 'answer':
      return callId.includes('nosdp') ? { result: 'ok' } : { sdp: relayed(String(command.sdp), relay), result: 'ok' };
    case 'play media':
      return { duration: 4200, result: 'ok' };
    case 'query':
    case 'delete':
      return { ...report, result: 'ok' };
    default:
      return { result: 'ok' };
  }
}

/** `quiet`: does not answer pings either. */
export function ngRelay(relay: string, quiet = false): Speaker {
  return (text) => {
    const blank = text.indexOf(' ');
    const command = decode(text.slice(blank + 1)) as { [key: string]: Value };
    const answer = quiet ? null : answerTo(command, relay);
    return {
      note: command.command === 'ping' ? null : shown(command),
      answer: answer === null ? null : `${text.slice(0, blank)} ${bencode(answer)}`,
    };
  };
}
