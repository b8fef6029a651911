/**
 * As much of SIP as the simulator's user agents and watchers need, cheap enough for millions of messages. On purpose none of the
 * runtime's own code: a mistake there must not hide itself here.
 */

export interface Sip {
  readonly text: string;
  /** 0 for requests. */
  readonly status: number;
  /** Of a request; of a response that in CSeq. */
  readonly method: string;
  readonly uri: string;
  /** Whole values, topmost first. */
  readonly vias: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: string;
  readonly contact: string;
  readonly recordRoutes: readonly string[];
  readonly maxForwards: number;
}

/** Null: not SIP as it is spoken here. */
export function readSip(text: string): Sip | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const lines = text.slice(0, end).split('\r\n');
  const first = lines[0]!;
  const vias: string[] = [];
  const recordRoutes: string[] = [];
  let from = '';
  let to = '';
  let callId = '';
  let cseq = '';
  let contact = '';
  let maxForwards = -1;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, colon).toLowerCase()) {
      case 'via':
        for (const each of value.split(',')) vias.push(each.trim());
        break;
      case 'record-route':
        for (const each of value.split(',')) recordRoutes.push(each.trim());
        break;
      case 'from':
        from = value;
        break;
      case 'to':
        to = value;
        break;
      case 'call-id':
        callId = value;
        break;
      case 'cseq':
        cseq = value;
        break;
      case 'contact':
        contact = value;
        break;
      case 'max-forwards':
        maxForwards = Number(value);
        break;
    }
  }
  const words = first.split(' ');
  const response = first.startsWith('SIP/2.0');
  const status = response && /^[1-6]\d\d$/.test(words[1] ?? '') ? Number(words[1]) : 0;
  if (response && status === 0) return null;
  if (vias.length === 0 || callId === '' || cseq === '' || from === '' || to === '') return null;
  return {
    text,
    status,
    method: status === 0 ? words[0]! : (cseq.split(' ')[1] ?? ''),
    uri: status === 0 ? (words[1] ?? '') : '',
    vias,
    from,
    to,
    callId,
    cseq,
    contact,
    recordRoutes,
    maxForwards,
  };
}

/** `;name=value` of a header field's value; '' when it is not there. */
export function param(value: string, name: string): string {
  const at = value.lastIndexOf(`;${name}=`);
  if (at < 0) return '';
  const start = at + name.length + 2;
  let end = start;
  while (end < value.length && !';, >'.includes(value[end]!)) end++;
  return value.slice(start, end);
}
export const branchOf = (via: string): string => param(via, 'branch');
/** `host:port` a Via was written with. */
export function sentBy(via: string): string {
  const start = via.indexOf(' ') + 1;
  const end = via.indexOf(';', start);
  return via.slice(start, end < 0 ? undefined : end);
}
export const uriIn = (value: string): string => /<([^>]*)>/.exec(value)?.[1] ?? value;

export function writeSip(first: string, headers: readonly (readonly [string, string])[], body = ''): string {
  let text = `${first}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return `${text}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** Cuts a stream into messages by Content-Length. */
export class Framer {
  #rest = '';
  constructor(private readonly message: (text: string) => void) {}
  push(bytes: string): void {
    this.#rest += bytes;
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const body = Number(/\r\nContent-Length: *(\d+)/i.exec(this.#rest.slice(0, end + 2))?.[1] ?? 0);
      if (this.#rest.length < end + 4 + body) return;
      const text = this.#rest.slice(0, end + 4 + body);
      this.#rest = this.#rest.slice(end + 4 + body);
      this.message(text);
    }
  }
}
