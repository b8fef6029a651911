/** One HTTP GET over a connection of its own (RFC 9110, RFC 9112): documents of servers that the cfg names. */
import type { Endpoint, Environment } from '../env.js';

export interface HttpQuestion {
  readonly at: Endpoint;
  /** As `Host` has it. */
  readonly host: string;
  /** As it stands in the request line: no blanks, no controls. */
  readonly path: string;
  /** Whole lines. */
  readonly headers: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; the first of each. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Null: no connection, no answer in time, more than `maxBytes`, or what came is no HTTP. */
export async function httpGet(env: Environment, question: HttpQuestion): Promise<HttpAnswer | null> {
  const { at, host, path, headers, timeoutMs, maxBytes } = question;
  try {
    const stream = await env.network.connectTcp(at, { timeoutMs });
    return await new Promise((resolve) => {
      let held = '';
      const settle = (answer: HttpAnswer | null) => {
        timer.cancel();
        stream.onClose = () => {};
        stream.onData = () => {};
        stream.destroy();
        resolve(answer);
      };
      const timer = env.clock.setTimer(timeoutMs, () => settle(null));
      stream.onClose = () => settle(readAnswer(held, true));
      stream.onData = (bytes) => {
        held += bytes;
        const answer = readAnswer(held, false);
        if (answer !== null || held.length > maxBytes) settle(held.length > maxBytes ? null : answer);
      };
      if (!stream.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`)) settle(null);
    });
  } catch {
    return null;
  }
}

/** `ended`: no more will come. Null: it is not whole, or no answer. */
export function readAnswer(text: string, ended: boolean): HttpAnswer | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(first)?.[1] ?? 0);
  if (status === 0) return null;
  // §15.2: interim answers come before the one that counts.
  if (status < 200) return readAnswer(text.slice(end + 4), ended);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).toLowerCase();
    if (at > 0 && !headers.has(name)) headers.set(name, line.slice(at + 1).trim());
  }
  const rest = text.slice(end + 4);
  const body = bodyOf(rest, headers, status, ended);
  return body === null ? null : { status, headers, body };
}
function bodyOf(rest: string, headers: ReadonlyMap<string, string>, status: number, ended: boolean): string | null {
  if (status === 204 || status === 304) return '';
  if (/(?:^|,)\s*chunked\s*$/i.test(headers.get('transfer-encoding') ?? '')) return chunked(rest);
  const length = headers.get('content-length');
  if (length === undefined) return ended ? rest : null;
  return /^\d{1,9}$/.test(length) && rest.length >= Number(length) ? rest.slice(0, Number(length)) : null;
}
/** RFC 9112 §7.1. Null: not whole. */
function chunked(rest: string): string | null {
  let body = '';
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at);
    const digits = line < 0 ? '' : (/^[\dA-Fa-f]{1,7}/.exec(rest.slice(at, line))?.[0] ?? '');
    if (digits === '') return null;
    const size = Number.parseInt(digits, 16);
    const start = line + 2;
    if (size === 0) return body;
    if (rest.length < start + size + 2) return null;
    body += rest.slice(start, start + size);
    at = start + size + 2;
  }
}
