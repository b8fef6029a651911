/**
 * The loopback ports tests from outside use. All are below Linux' range of ephemeral ports, so nothing takes them by chance.
 *
 * They are fixed because goldens hold them: a Via or a Record-Route is compared byte for byte.
 */
export const differentialPort = 21700;
export const sippPorts = { server: 21720, caller: 21721, callee: 21722 } as const;
export const soakPorts = { server: 21730, caller: 21731, callee: 21732 } as const;
/** The server on a database, and its phone. */
export const databasePorts = { server: 21755, phone: 21756 } as const;
/** Four digits: sipsak 0.9.8 cuts a fifth off the port it writes into its URIs. */
export const sipsakPort = 5740;

export const controlPort = 21745;
/** JSON-RPC over TCP. */
export const jsonrpcPort = 21749;
/** Two nodes of a cluster and a phone. */
export const clusterPorts = { kamailio: 21746, sipc: 21747, phone: 21748 } as const;
/** The server, both phones, the relay's control port, and the first of the ports it relays media on. */
export const mediaPorts = { server: 21780, caller: 21781, callee: 21782, relay: 21783, media: 21784 } as const;

/** Where each peer of a scenario listens, on udp and tcp. */
export const peerPorts = {
  alice: 22000,
  bob: 22010,
  carol: 22020,
  dave: 22030,
  gateway: 22040,
  voicemail: 22050,
  edge: 22060,
} as const;
export type PeerName = keyof typeof peerPorts;
export const peerNames = Object.keys(peerPorts) as PeerName[];

/**
 * Where another group or run holds the ports, a run moves all of them up by the same amount. Scenarios, cfgs and goldens keep the numbers
 * above: text is translated where it leaves for the wire and where it comes from there. Both have five digits, so no length changes.
 */
export const portShifts: readonly number[] = Array.from({ length: 12 }, (_, index) => index * 500);

const isOurs = (port: number) => (port >= 21700 && port < 21800) || (port >= 22000 && port < 22100);

/** Does a server or a peer of a run moved up by `shift` send from this port? From another one a datagram belongs to another run. */
export const isOfRun = (port: number, shift: number): boolean => {
  const own = port - shift;
  return isOurs(own) && (own < sippPorts.server || own >= 21790);
};

export function toWire(text: string, shift: number): string {
  if (shift === 0) return text;
  return text.replace(/\b2[12]\d{3}\b/g, (digits) =>
    isOurs(Number(digits)) ? String(Number(digits) + shift) : digits,
  );
}
export function fromWire(text: string, shift: number): string {
  if (shift === 0) return text;
  return text.replace(/\b2\d{4}\b/g, (digits) => {
    const port = Number(digits) - shift;
    return isOurs(port) ? String(port) : digits;
  });
}
