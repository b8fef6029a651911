/**
 * `tcp_accept_protocols` of Kamailio 6: names with commas between, or the sum of their numbers (tcp_read.c). What nobody
 * serves here (MSRP, HEP, STUN) is known and means nothing.
 */
const bits = { http: 4, ws: 8, wss: 8, msrp: 16, hep: 32, hep3: 32, stun: 64, haproxy: 128 } as const;
type Name = keyof typeof bits;

export interface AcceptedProtocols {
  readonly tcp_accept_protocols: string;
}

export function accepts({ tcp_accept_protocols: written }: AcceptedProtocols, name: Name): boolean {
  if (/^\d+$/.test(written)) return (Number(written) & bits[name]) !== 0;
  return written.split(',').some((word) => {
    const known = word.trim().toLowerCase();
    return Object.hasOwn(bits, known) && bits[known as Name] === bits[name];
  });
}
