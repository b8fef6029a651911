/** One control socket: packets in, commands run, packets out. Clients may send several requests after one another. */
import { RpcCall, type RpcParam, type ServerApi } from '../../runtime/sdk/index.js';
import {
  MAX_REQUEST_BYTES,
  type Packet,
  PacketType,
  readPacket,
  readRecords,
  writeFault,
  writeReply,
} from './binrpc.js';

/** Runs the command of one packet. The answer is its bytes; `done` is called after they were handed over. */
export async function runPacket(
  server: Pick<ServerApi, 'rpc' | 'log'>,
  bytes: string,
  packet: Packet,
  strict: boolean,
  peer: string,
  send: (bytes: string) => void,
): Promise<void> {
  const { cookie } = packet;
  if (packet.type !== PacketType.request) return send(writeFault(400, 'bad request: corrupted packet', cookie));
  const records = readRecords(bytes, packet);
  if (records === null) return send(writeFault(400, 'bad request: corrupted packet', cookie));
  const method = records[0];
  if (typeof method !== 'string')
    return send(
      writeFault(
        400,
        `bad request method: ${records.length === 0 ? 'end of packet encountered' : "record doesn't match type"}`,
        cookie,
      ),
    );
  const params: RpcParam[] = records.slice(1);
  const call = new RpcCall(method, params, { strict, peer });
  const run = server.rpc.execute(call, (error) =>
    server.log(
      -1,
      'ctl',
      `command ${method} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    ),
  );
  if (run === null) return send(writeFault(500, `command ${method} not found`, cookie));
  if (run.done !== undefined) await run.done;
  const fault = call.faulted;
  send(fault === null ? writeReply(call.results, cookie) : writeFault(fault.code, fault.text, cookie));
  call.afterReply?.();
}

/** Cuts a stream into packets. */
export class PacketReader {
  private waiting = '';
  /** The next whole packet with the text it is in; `bad`: close the connection. */
  push(bytes: string): { bytes: string; packet: Packet }[] | 'bad' {
    this.waiting += bytes;
    const packets: { bytes: string; packet: Packet }[] = [];
    for (;;) {
      const packet = readPacket(this.waiting);
      if (packet === 'bad') return 'bad';
      if (packet === 'more') return this.waiting.length > MAX_REQUEST_BYTES + 16 ? 'bad' : packets;
      packets.push({ bytes: this.waiting.slice(0, packet.end), packet });
      this.waiting = this.waiting.slice(packet.end);
      if (this.waiting === '') return packets;
    }
  }
}
