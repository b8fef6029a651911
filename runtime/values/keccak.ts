/** Keccak as it was before it became SHA-3 (the padding differs): Node's OpenSSL has only the latter. FIPS 202 §3, without §6.1's suffix. */

const LANES = 25;
const ROUNDS = 24;
const MASK = (1n << 64n) - 1n;
/** Padding begins with this byte; SHA-3's is 0x06. */
const FIRST_PAD = 0x01;

const rotated = (lane: bigint, by: number): bigint =>
  by === 0 ? lane : ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK;

/** ρ and π (§3.2.2, §3.2.3) in one: where each lane goes, and by how much it is rotated. */
const moves: readonly (readonly [from: number, to: number, by: number])[] = (() => {
  const all: [number, number, number][] = [[0, 0, 0]];
  let [x, y] = [1, 0];
  for (let t = 0; t < LANES - 1; t++) {
    const [nextX, nextY] = [y, (2 * x + 3 * y) % 5];
    all.push([x + 5 * y, nextX + 5 * nextY, (((t + 1) * (t + 2)) / 2) % 64]);
    [x, y] = [nextX, nextY];
  }
  return all;
})();

/** ι (§3.2.5): the constants come from a shift register of 8 bits. */
const roundConstants: readonly bigint[] = (() => {
  let register = 1;
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1);
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1;
    }
    return constant;
  });
})();

function permute(state: bigint[]): void {
  const columns = new Array<bigint>(5);
  const moved = new Array<bigint>(LANES);
  for (const constant of roundConstants) {
    for (let x = 0; x < 5; x++)
      columns[x] = state[x]! ^ state[x + 5]! ^ state[x + 10]! ^ state[x + 15]! ^ state[x + 20]!;
    for (let i = 0; i < LANES; i++)
      state[i] = state[i]! ^ columns[((i % 5) + 4) % 5]! ^ rotated(columns[((i % 5) + 1) % 5]!, 1);
    for (const [from, to, by] of moves) moved[to] = rotated(state[from]!, by);
    for (let i = 0; i < LANES; i++) {
      const row = i - (i % 5);
      state[i] = moved[i]! ^ (~moved[row + ((i + 1) % 5)]! & MASK & moved[row + ((i + 2) % 5)]!);
    }
    state[0] = state[0]! ^ constant;
  }
}

/** Hex digest of `bits` bits. */
export function keccak(bits: 256 | 384 | 512, bytes: Uint8Array): string {
  const rate = 200 - bits / 4;
  const padded = new Uint8Array((Math.floor(bytes.length / rate) + 1) * rate);
  padded.set(bytes);
  padded[bytes.length] = FIRST_PAD;
  padded[padded.length - 1]! |= 0x80;
  const words = new DataView(padded.buffer);
  const state = new Array<bigint>(LANES).fill(0n);
  for (let block = 0; block < padded.length; block += rate) {
    for (let i = 0; i < rate / 8; i++) state[i] = state[i]! ^ words.getBigUint64(block + i * 8, true);
    permute(state);
  }
  const out = new DataView(new ArrayBuffer(LANES * 8));
  for (const [i, lane] of state.entries()) out.setBigUint64(i * 8, lane, true);
  return Buffer.from(out.buffer, 0, bits / 8).toString('hex');
}
