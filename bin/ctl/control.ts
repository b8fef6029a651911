/** Asks a running server over its control socket (binrpc, the ctl module), as kamcmd does. Kamailio answers it too. */
import { connect } from 'node:net';
import { RpcArray, RpcDouble, type RpcParam, type RpcValue } from '../../runtime/admin/rpc.js';
import { parseControlAddress, shown } from '../../stdlib-modules/ctl/addresses.js';
import { PacketType, readPacket, readReply, writeRequest } from '../../stdlib-modules/ctl/binrpc.js';
import { Misuse } from '../command.js';

export const DEFAULT_SERVER = 'unixs:/run/kamailio/kamailio_ctl';
const WAIT_MS = 10_000;
/** A location table of some hundred thousand contacts. */
const MAX_REPLY_BYTES = 256 << 20;

/** What a reply holds: a struct is a list of named values, for a name may come twice. */
export type Answer = string | number | AnswerList;
export type AnswerList = readonly { readonly name: string | null; readonly value: Answer }[];

export class Control {
  constructor(readonly address: string) {}

  /** Rejects with what the server said, or why it could not be asked. */
  async call(method: string, ...params: RpcParam[]): Promise<Answer[]> {
    const address = parseControlAddress(this.address);
    if (address === null || address.kind === 'udp' || address.kind === 'unix_dgram')
      throw new Misuse(
        `--server ${this.address}: write unixs:/path or tcp:host:port, a \`binrpc\` of the cfg's ctl module`,
      );
    const where = 'path' in address ? { path: address.path } : { host: address.host, port: address.port };
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        socket.destroy();
        reject(new Error(why));
      };
      let bytes = '';
      const socket = connect(where);
      socket.setEncoding('latin1').setTimeout(WAIT_MS, () => fail(`${shown(address)} does not answer`));
      socket.on('connect', () => socket.write(writeRequest(method, params, COOKIE), 'latin1'));
      socket.on('error', (error: NodeJS.ErrnoException) =>
        fail(
          error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
            ? `no server listens at ${shown(address)}: does it run, and does its cfg load ctl? --server names another socket`
            : error.message,
        ),
      );
      socket.on('close', () => fail(`${shown(address)} closed the connection`));
      socket.on('data', (chunk: string) => {
        bytes += chunk;
        const packet = readPacket(bytes, MAX_REPLY_BYTES);
        if (packet === 'bad') return fail(`what listens at ${shown(address)} does not speak binrpc, or says too much`);
        if (packet === 'more') return;
        const values = readReply(bytes, packet);
        socket.destroy();
        if (values === null) return reject(new Error(`${method}: the answer cannot be read`));
        if (packet.type === PacketType.fault) return reject(new Error(values.map(String).join(' ')));
        resolve(values.map(plain));
      });
    });
  }
}
const COOKIE = 1;

function plain(value: RpcValue): Answer {
  if (value instanceof RpcDouble) return value.value;
  if (value instanceof RpcArray) return value.items.map(({ name, value: inner }) => ({ name, value: plain(inner) }));
  return typeof value === 'string' || typeof value === 'number' ? value : String(value);
}

const isList = (answer: Answer): answer is AnswerList => typeof answer === 'object';

/** All values named `name`, at any depth, in order. */
export function named(answer: Answer, name: string): Answer[] {
  if (!isList(answer)) return [];
  return answer.flatMap((entry) => [...(entry.name === name ? [entry.value] : []), ...named(entry.value, name)]);
}
