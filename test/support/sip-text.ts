/**
 * The little SIP that scripted peers and expectations need. On purpose none of the runtime's own code: a mistake there must
 * not hide itself here.
 */

export interface SipText {
  readonly bytes: string;
  readonly firstLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Of a request, or of the request a response answers. */
  readonly method: string;
  /** 0 for requests. */
  readonly status: number;
  /** '' for responses. */
  readonly uri: string;
}

const COMPACT: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  k: 'supported',
  s: 'subject',
};
const canonical = (name: string) => COMPACT[name.toLowerCase()] ?? name.toLowerCase();

export function readSip(bytes: string): SipText {
  const split = bytes.indexOf('\r\n\r\n');
  const head = (split < 0 ? bytes : bytes.slice(0, split)).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const firstLine = head[0] ?? '';
  const headers = head.slice(1).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const status = firstLine.startsWith('SIP/2.0 ') ? Number(firstLine.slice(8, 11)) : 0;
  const cseq = headers.find(([name]) => canonical(name) === 'cseq')?.[1] ?? '';
  return {
    bytes,
    firstLine,
    headers,
    body: split < 0 ? '' : bytes.slice(split + 4),
    status,
    method: status === 0 ? (firstLine.split(' ')[0] ?? '') : (cseq.split(/\s+/)[1] ?? ''),
    uri: status === 0 ? (firstLine.split(' ')[1] ?? '') : '',
  };
}

/** Values of a header, one per line; comma lists of Via, Route, Record-Route and Contact taken apart. */
export function allValues(message: SipText, name: string): string[] {
  const wanted = canonical(name);
  const lines = message.headers.filter(([each]) => canonical(each) === wanted).map(([, value]) => value);
  return ['via', 'route', 'record-route', 'contact'].includes(wanted) ? lines.flatMap(splitList) : lines;
}
export const firstValue = (message: SipText, name: string): string | null => allValues(message, name)[0] ?? null;

function splitList(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (c === '"' && value[i - 1] !== '\\') quoted = !quoted;
    else if (!quoted && c === '<') depth++;
    else if (!quoted && c === '>') depth--;
    else if (!quoted && depth === 0 && c === ',') {
      parts.push(value.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(value.slice(start).trim());
  return parts.filter((part) => part !== '');
}

/** A parameter behind the address; '' when it has no value, null when it is absent. */
export function paramOf(value: string, name: string): string | null {
  const tail = value.includes('>') ? value.slice(value.lastIndexOf('>')) : value;
  for (const part of tail.split(';').slice(1)) {
    const [key, text] = part.split('=') as [string, string?];
    if (key.trim().toLowerCase() === name.toLowerCase()) return text?.trim() ?? '';
  }
  return null;
}

/** The URI inside `<…>`, or before the parameters. */
export const uriIn = (value: string): string => /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]!.trim();

export function writeSip(firstLine: string, headers: readonly (readonly [string, string])[], body: string): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${firstLine}\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** What a check may name: `Via.branch`, `Contact`, `Route[1]`, `Request-URI`, `status`, `reason`, `body`. Null when absent. */
export function pick(message: SipText, what: string): string | null {
  if (what === 'Request-URI') return message.uri;
  if (what === 'body') return message.body;
  if (what === 'reason') return message.firstLine.slice(12);
  const match = /^([A-Za-z-]+)(?:\[(\d+)\])?(?:\.(\w+))?$/.exec(what);
  if (!match) throw new Error(`cannot read "${what}" in a check`);
  const value = allValues(message, match[1]!)[Number(match[2] ?? 0)] ?? null;
  return value === null || match[3] === undefined
    ? value
    : match[3] === 'uri'
      ? uriIn(value)
      : paramOf(value, match[3]);
}
