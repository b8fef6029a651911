/** Commands of the ng protocol, by the names they have on the wire. */
export type Operation =
  | 'offer'
  | 'answer'
  | 'delete'
  | 'query'
  | 'ping'
  | 'start recording'
  | 'stop recording'
  | 'start forwarding'
  | 'stop forwarding'
  | 'block DTMF'
  | 'unblock DTMF'
  | 'block media'
  | 'unblock media'
  | 'silence media'
  | 'unsilence media'
  | 'play media'
  | 'stop media'
  | 'play DTMF';

/** These name a party only when the flags do. */
export const namesNoParty: ReadonlySet<Operation> = new Set([
  'start forwarding',
  'stop forwarding',
  'block DTMF',
  'unblock DTMF',
  'block media',
  'unblock media',
  'silence media',
  'unsilence media',
]);
