/** Commands of the ng protocol, by the names they have on the wire. */
export type Operation =
  | 'offer'
  | 'answer'
  | 'delete'
  | 'query'
  | 'connect'
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
  | 'play DTMF'
  | 'subscribe request'
  | 'subscribe answer'
  | 'unsubscribe';

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

/** Who gets a copy of the media is a new party: these name its To tag at most, and whose media by `from-tags`. */
export const namesSubscriber: ReadonlySet<Operation> = new Set([
  'subscribe request',
  'subscribe answer',
  'unsubscribe',
]);
/** These take the SDP of the message along. */
export const carriesSdp: ReadonlySet<Operation> = new Set(['offer', 'answer', 'subscribe answer']);
/** Sent without the To tag of the message, unless the flags ask for it. */
export const withoutToTag: ReadonlySet<Operation> = new Set(['delete', 'subscribe request']);
