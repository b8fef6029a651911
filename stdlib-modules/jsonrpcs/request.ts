/** JSON-RPC 2.0 over the command registry: one request text in, one answer text out. */
import {
  double,
  printJson,
  RpcArray,
  RpcCall,
  type RpcCommand,
  type RpcParam,
  RpcStruct,
  type RpcValue,
  type ServerApi,
} from '../../runtime/sdk/index.js';

/** Texts of the protocol's own codes; others carry the command's. */
const texts: Readonly<Record<number, string>> = {
  [-32700]: 'Parse Error',
  [-32600]: 'Invalid Request',
  [-32601]: 'Method Not Found',
  [-32602]: 'Invalid Parameters',
  [-32603]: 'Internal Error',
  [-32000]: 'Execution Error',
};

export interface Answer {
  /** As an HTTP status. */
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  /** `reply_fifo` (or the older `reply_name`) of the request; '' when it has none. */
  readonly replyName: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Null: not JSON, or nothing that can be answered. */
export async function runRequest(server: ServerApi, text: string, pretty: boolean): Promise<Answer | null> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof request !== 'object' || request === null) return null;
  const fields = isObject(request) ? request : {};
  const replyName = textOf(fields.reply_fifo) ?? textOf(fields.reply_name) ?? '';
  const root = new RpcStruct({ jsonrpc: '2.0' });
  const finish = (status: number, reason: string): Answer => {
    addId(root, fields);
    return { status, reason, body: printJson(root, pretty), replyName };
  };
  const refuse = (code: number, reason: string) => {
    root.add('error', new RpcStruct({ code, message: texts[code] ?? (reason || 'Unexpected Error') }));
    return finish(code <= 100 ? 500 : code, reason);
  };
  if (fields.jsonrpc !== '2.0' || typeof fields.method !== 'string') {
    root.add('result', new RpcStruct());
    return finish(200, 'OK');
  }
  const command = server.rpc.find(fields.method);
  if (command === null) return refuse(500, 'Method Not Found');
  const { params } = fields;
  const list = Array.isArray(params) ? params : isObject(params) ? Object.values(params) : [];
  const call = new RpcCall(command.name, list.map(param), { strict: false });
  const run = server.rpc.execute(call, (error) =>
    server.log(
      -1,
      'jsonrpcs',
      `command ${command.name} failed: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
  if (run?.done !== undefined) await run.done;
  const fault = call.faulted;
  call.afterReply?.();
  if (fault !== null) return refuse(fault.code === 0 ? -32000 : fault.code, fault.text);
  root.add('result', resultOf(command, call.results));
  return finish(200, 'OK');
}

/** All values for the commands that answer with a list, else the last one. */
function resultOf(command: RpcCommand, results: readonly RpcValue[]): RpcValue {
  if (command.returnsArray) return new RpcArray(results);
  return results.at(-1) ?? new RpcStruct();
}

function param(value: unknown): RpcParam {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('latin1');
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : double(value);
  return typeof value === 'boolean' ? value : null;
}

function addId(root: RpcStruct, request: Record<string, unknown>): void {
  const { id } = request;
  if (id === undefined) return;
  if (typeof id === 'string') root.add('id', id);
  else root.add('id', typeof id === 'number' ? double(id) : 0);
}
