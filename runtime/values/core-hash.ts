/** Kamailio's core_hash() over two texts, unsigned (core/hashes.h). */
export function coreHash(first: string, second: string): number {
  let h = 0;
  for (const text of second === '' ? [first] : [first, second]) {
    let i = 0;
    for (; i + 4 <= text.length; i += 4) {
      let word = 0;
      for (let k = 0; k < 4; k++) word = ((word << 8) + signed(text.charCodeAt(i + k))) | 0;
      h = mixed(h, word);
    }
    let rest = 0;
    for (; i < text.length; i++) rest = ((rest << 8) + signed(text.charCodeAt(i))) | 0;
    h = mixed(h, rest);
  }
  const u = h >>> 0;
  return (u + (u >>> 11) + (u >>> 13) + (u >>> 23)) >>> 0;
}
const mixed = (h: number, word: number): number => (h + (word ^ (word >>> 3))) | 0;
const signed = (code: number): number => (code & 0x80 ? code - 0x100 : code);
