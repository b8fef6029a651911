/** Numeric addresses: strict reading, one spelling of each (RFC 5952), comparison. */

/** Host without the brackets of an IPv6 reference. */
export const unbracket = (host: string): string =>
  host.charCodeAt(0) === 0x5b && host.endsWith(']') ? host.slice(1, -1) : host;

export const bracket = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip);

/** 4 or 6, or 0 when it is a name. Brackets allowed around IPv6. */
export function ipFamily(host: string): 0 | 4 | 6 {
  const last = host.charCodeAt(host.length - 1);
  // A name never ends in a digit and an IPv4 address always does: nearly every name is known here.
  if (last >= 0x30 && last <= 0x39 && !host.includes(':')) return isIpv4(host) ? 4 : 0;
  if (!host.includes(':')) return 0;
  return ipv6Groups(unbracket(host)) ? 6 : 0;
}

function isIpv4(text: string): boolean {
  let parts = 0;
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : 0x2e;
    if (c === 0x2e) {
      if (value < 0 || value > 255) return false;
      parts++;
      value = -1;
    } else if (c >= 0x30 && c <= 0x39) value = (value < 0 ? 0 : value * 10) + c - 0x30;
    else return false;
    if (value > 999) return false;
  }
  return parts === 4;
}

function ipv6Groups(text: string): number[] | null {
  if (text.length < 2 || text.length > 45) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const sides = halves.map((half) => groupsOf(half));
  const [left, right] = sides;
  if (!left || (sides.length === 2 && !right)) return null;
  // An embedded IPv4 address may only stand at the very end.
  if (sides.length === 2 && halves[0]!.includes('.')) return null;
  if (!right) return left.length === 8 ? left : null;
  const missing = 8 - left.length - right.length;
  if (missing < 1) return null;
  return [...left, ...new Array<number>(missing).fill(0), ...right];
}

function groupsOf(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [i, word] of words.entries()) {
    if (i === words.length - 1 && word.includes('.')) {
      if (!isIpv4(word)) return null;
      const [a, b, c, d] = word.split('.').map(Number) as [number, number, number, number];
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      if (word.length < 1 || word.length > 4 || !isHex(word)) return null;
      groups.push(Number.parseInt(word, 16));
    }
  }
  return groups;
}

function isHex(word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const c = word.charCodeAt(i) | 0x20;
    if (!((c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66))) return false;
  }
  return true;
}

/** An IPv4 address without leading zeros: itself, nearly always. */
function withoutZeros(ip: string): string {
  for (let i = 0; i < ip.length - 1; i++) {
    const starts = i === 0 || ip.charCodeAt(i - 1) === 0x2e;
    if (starts && ip.charCodeAt(i) === 0x30 && ip.charCodeAt(i + 1) !== 0x2e)
      return ip.split('.').map(Number).join('.');
  }
  return ip;
}

/** The one spelling of an address, without brackets; null when it is not one. */
export function canonicalIp(host: string): string | null {
  if (!host.includes(':')) return isIpv4(host) ? withoutZeros(host) : null;
  const groups = ipv6Groups(unbracket(host));
  if (!groups) return null;
  // RFC 5952 §4.2: the longest run of zero groups is shortened, the first of equals, never a single one.
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) [best, bestLength] = [i, length];
    i += length;
  }
  const hex = groups.map((group) => group.toString(16));
  if (best < 0) return hex.join(':');
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`;
}

/** Are the first `bits` of two addresses of one family the same? Canonical spelling, no brackets. */
export function sameNetwork(a: string, b: string, bits: number): boolean {
  const words = a.includes(':') ? 16 : 8;
  const split = (ip: string) => (words === 16 ? ipv6Groups(ip) : isIpv4(ip) ? ip.split('.').map(Number) : null);
  const [left, right] = [split(a), split(b)];
  if (!left || !right || left.length !== right.length) return false;
  return left.every((word, i) => {
    const shift = Math.max(0, words - Math.max(0, bits - i * words));
    return word >> shift === (right[i] ?? 0) >> shift;
  });
}

export const isLoopback = (ip: string): boolean => ip.startsWith('127.') || ip === '::1';

/** RFC 5771 and RFC 4291 §2.7. */
export function isMulticast(ip: string): boolean {
  if (ip.includes(':')) return /^ff/i.test(ip);
  const first = Number.parseInt(ip, 10);
  return first >= 224 && first <= 239;
}
