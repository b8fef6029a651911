/** Addresses and networks of the cfg: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `[2001:db8::]/32`, `127.0.0.1`. */

export interface IpValue {
  readonly family: 4 | 6;
  readonly bits: bigint;
}
export interface Network extends IpValue {
  readonly mask: bigint;
}

/** Null when it is not a numeric address; brackets around IPv6 allowed. */
export function ipValue(text: string): IpValue | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (!bare.includes(':')) {
    const bits = ipv4(bare);
    return bits === null ? null : { family: 4, bits };
  }
  const halves = bare.split('::');
  if (halves.length > 2) return null;
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === null || tail === null) return null;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  let bits = 0n;
  for (const group of [...head, ...new Array<number>(halves.length === 2 ? gap : 0).fill(0), ...tail])
    bits = (bits << 16n) | BigInt(group);
  return { family: 6, bits };
}
function ipv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let bits = 0n;
  for (const part of parts) {
    if (!isDecimal(part) || Number(part) > 255) return null;
    bits = (bits << 8n) | BigInt(part);
  }
  return bits;
}
function groups(text: string): number[] | null {
  if (text === '') return [];
  const all: number[] = [];
  for (const part of text.split(':')) {
    if (part.includes('.')) {
      const v4 = ipv4(part);
      if (v4 === null) return null;
      all.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (part.length >= 1 && part.length <= 4 && [...part].every((c) => '0123456789abcdefABCDEF'.includes(c)))
      all.push(Number.parseInt(part, 16));
    else return null;
  }
  return all;
}
const isDecimal = (text: string) =>
  text.length >= 1 && text.length <= 3 && [...text].every((c) => c >= '0' && c <= '9');

/** Throws when it is neither an address nor a network: the compiler has checked it. */
export function parseNetwork(written: string): Network {
  const slash = written.indexOf('/');
  const address = ipValue(slash < 0 ? written : written.slice(0, slash));
  if (address === null) throw new TypeError(`not an address or network: ${written}`);
  const width = address.family === 4 ? 32 : 128;
  const all = (1n << BigInt(width)) - 1n;
  const suffix = slash < 0 ? String(width) : written.slice(slash + 1);
  const asAddress = ipValue(suffix);
  const mask = asAddress?.family === address.family ? asAddress.bits : (all << BigInt(width - Number(suffix))) & all;
  return { family: address.family, bits: address.bits & mask, mask };
}
