/**
 * The protocol of the `fifo` parameter (Kamailio's ctl module, fifo_server.c), lines of text over a named pipe or a socket:
 *
 *     :core.echo:answer_here          command, and the pipe in /tmp that takes the answer; none over a socket
 *     a parameter                     one a line, `\n` and its kin escaped
 *                                     an empty line ends the request
 *
 *     200 OK                          or the fault
 *     value                           one a line; a struct is one line, `name:value,name:value`, its last member first
 */
import { RpcArray, RpcCall, RpcDouble, RpcStruct, type RpcValue, type ServerApi } from '../../runtime/sdk/index.js';
import { MAX_REQUEST_BYTES } from './binrpc.js';

/** Where Kamailio looks for the pipes that take answers. */
export const REPLY_FOLDER = '/tmp/';

export interface FifoRequest {
  readonly method: string;
  /** Name of the pipe for the answer; '' none. */
  readonly reply: string;
  readonly params: readonly string[];
}

/** Cuts a stream into requests; each ends with two line ends in a row, of either kind. */
export class FifoReader {
  #waiting = '';
  /** Where the search for the end goes on. */
  #from = 0;
  /** The texts of whole requests; `bad`: one is too long, what is there of it is dropped. */
  push(bytes: string): readonly string[] | 'bad' {
    this.#waiting += bytes;
    const requests: string[] = [];
    for (;;) {
      if (this.#from === 0) this.#waiting = this.#waiting.replace(/^[\r\n]+/, '');
      const end = requestEnd(this.#waiting, this.#from);
      if (end < 0) {
        this.#from = Math.max(0, this.#waiting.length - 1);
        if (this.#waiting.length <= MAX_REQUEST_BYTES) return requests;
        this.#waiting = '';
        this.#from = 0;
        return 'bad';
      }
      requests.push(this.#waiting.slice(0, end));
      this.#waiting = this.#waiting.slice(end);
      this.#from = 0;
    }
  }
}
const isLineEnd = (code: number) => code === 10 || code === 13;
/** Behind the second of two line ends; -1 none yet. */
function requestEnd(text: string, from: number): number {
  for (let i = Math.max(1, from); i < text.length; i++)
    if (isLineEnd(text.charCodeAt(i)) && isLineEnd(text.charCodeAt(i - 1))) return i + 1;
  return -1;
}

/** Null: its first line is not `:command:reply`. Text of a parameter that is escaped wrongly stays as it is. */
export function readFifoRequest(text: string): FifoRequest | null {
  const [first = '', ...rest] = text.split('\n').map((line) => line.replace(/[\r \t]+$/, ''));
  const match = /^:([^:]+):(.*)$/.exec(first);
  if (match === null) return null;
  while (rest.at(-1) === '') rest.pop();
  return { method: match[1] ?? '', reply: match[2] ?? '', params: rest.map((line) => unescapeLine(line)) };
}

/** No dots and no slashes, so that it cannot lead out of the folder. */
export const goodReplyName = (name: string): boolean => name.length < 128 && !/[./\\\0]/.test(name);

/** Kamailio writes `\o` for a colon and `\c` for a comma, and reads them the other way round; clients are made for that. */
const escaped: Readonly<Record<string, string>> = {
  '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', '\0': '\\0', ':': '\\o', ',': '\\c',
}; // biome-ignore format: one table
const unescaped: Readonly<Record<string, string>> = {
  n: '\n', r: '\r', t: '\t', '\\': '\\', '0': '\0', c: ':', o: ',',
}; // biome-ignore format: one table
const unescapeLine = (line: string): string => line.replace(/\\([nrt\\0co])/g, (_, c: string) => unescaped[c] ?? c);
const escapeLine = (text: string): string => text.replace(/[\n\r\t\\\0]/g, (c) => escaped[c] ?? c);
const escapeMember = (text: string): string => text.replace(/[\n\r\t\\\0:,]/g, (c) => escaped[c] ?? c);

function scalar(value: Exclude<RpcValue, RpcStruct | RpcArray>, write: (text: string) => string): string {
  if (typeof value === 'string') return write(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof RpcDouble) return value.value.toFixed(6);
  return value === null ? '<null string>' : String(value);
}

/** Members of a struct: each new one goes before those that are there; structs in it follow, in their order. */
function members(value: RpcStruct | RpcArray, into: string[]): string[] {
  const items = value instanceof RpcArray ? value.items : [...value.entries].reverse();
  const inner: { readonly name: string | null; readonly value: RpcStruct | RpcArray }[] = [];
  for (const { name, value: item } of items) {
    if (item instanceof RpcStruct || item instanceof RpcArray) inner.push({ name, value: item });
    else into.push(`${name === null ? '' : `${escapeMember(name)}:`}${scalar(item, escapeMember)}`);
  }
  if (value instanceof RpcStruct) inner.reverse();
  for (const { name, value: item } of inner) {
    const first = into.length;
    members(item, into);
    const head = name === null ? '' : `${escapeMember(name)}:`;
    if (into.length === first) into.push(head);
    else into[first] = head + (into[first] ?? '');
  }
  return into;
}

export function writeFifoReply(code: number, reason: string, values: readonly RpcValue[]): string {
  let text = `${code} ${reason}\n`;
  for (const value of values) {
    if (!(value instanceof RpcStruct || value instanceof RpcArray)) {
      text += `${scalar(value, escapeLine)}\n`;
      continue;
    }
    const line = members(value, []).join(',');
    if (line !== '') text += `${line}\n`;
  }
  return text;
}

/** Runs what was asked; the answer's text. */
export async function runFifoRequest(
  server: Pick<ServerApi, 'rpc' | 'log'>,
  request: FifoRequest,
  peer: string,
): Promise<{ readonly text: string; readonly after: (() => void) | null }> {
  const { method } = request;
  const call = new RpcCall(method, request.params, { strict: false, words: true, peer });
  const run = server.rpc.execute(call, (error) =>
    server.log(
      -1,
      'ctl',
      `command ${method} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    ),
  );
  if (run === null) return { text: writeFifoReply(500, `Command '${method}' not found`, []), after: null };
  if (run.done !== undefined) await run.done;
  const fault = call.faulted;
  return { text: writeFifoReply(fault?.code ?? 200, fault?.text ?? 'OK', call.results), after: call.afterReply };
}
