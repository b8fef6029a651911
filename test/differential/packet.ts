/**
 * Just enough reading of SIP text for a peer to answer it. Deliberately not the runtime's parser: the oracle must not share our bugs.
 */
import type { Arrival } from '../support/peers.js';

const compactNames: Readonly<Record<string, string>> = {
  i: 'call-id',
  m: 'contact',
  f: 'from',
  t: 'to',
  v: 'via',
  l: 'content-length',
  c: 'content-type',
};

export class Packet {
  readonly text: string;
  readonly startLine: string;
  readonly body: string;
  readonly #fields: { name: string; value: string }[] = [];

  constructor(readonly arrival: Arrival) {
    this.text = arrival.text;
    const end = this.text.indexOf('\r\n\r\n');
    const head = end < 0 ? this.text : this.text.slice(0, end);
    this.body = end < 0 ? '' : this.text.slice(end + 4);
    const lines = head.split('\r\n');
    this.startLine = lines.shift() ?? '';
    for (const line of lines) {
      const last = this.#fields.at(-1);
      if (/^[ \t]/.test(line) && last !== undefined) {
        last.value += line;
        continue;
      }
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim().toLowerCase();
      this.#fields.push({ name: compactNames[name] ?? name, value: line.slice(colon + 1).trim() });
    }
  }

  /** 0 for a request. */
  get status(): number {
    return Number(/^SIP\/2\.0 (\d{3})/.exec(this.startLine)?.[1] ?? 0);
  }
  /** The request's method; a response's from CSeq. */
  get method(): string {
    if (this.status === 0) return this.startLine.split(' ', 1)[0] ?? '';
    return this.header('CSeq').split(/\s+/)[1] ?? '';
  }
  get requestUri(): string {
    return this.startLine.split(' ')[1] ?? '';
  }

  header(name: string): string {
    return this.headers(name)[0] ?? '';
  }
  headers(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter((field) => field.name === wanted).map((field) => field.value);
  }
  tagOf(name: 'From' | 'To'): string {
    return /;\s*tag=([^;\s>]+)/i.exec(this.header(name))?.[1] ?? '';
  }
  contactUri(): string {
    const contact = this.header('Contact');
    return /<([^>]*)>/.exec(contact)?.[1] ?? contact.split(';', 1)[0] ?? '';
  }
}

/** Splits header values at commas outside quotes and angle brackets. */
export function splitList(values: readonly string[]): string[] {
  const out: string[] = [];
  for (const value of values) {
    let start = 0;
    let quoted = false;
    let angle = false;
    for (let i = 0; i < value.length; i++) {
      const c = value[i];
      if (c === '"') quoted = !quoted;
      else if (quoted) continue;
      else if (c === '<') angle = true;
      else if (c === '>') angle = false;
      else if (c === ',' && !angle) {
        out.push(value.slice(start, i).trim());
        start = i + 1;
      }
    }
    out.push(value.slice(start).trim());
  }
  return out.filter((value) => value !== '');
}
