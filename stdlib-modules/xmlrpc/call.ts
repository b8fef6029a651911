/** An XML-RPC call and its answer over the command registry, as Kamailio's xmlrpc writes them. */
import {
  double,
  RpcArray,
  RpcCall,
  RpcDouble,
  type RpcParam,
  RpcStruct,
  type RpcValue,
  type ServerApi,
} from '../../runtime/sdk/index.js';
import { parseXml, type XmlElement } from './xml.js';

export interface Writing {
  /** A carriage return becomes a reference: readers make a line feed of a bare one. */
  readonly escapeCr: boolean;
}
export interface Reading {
  /** In text, two line feeds become carriage return and line feed. */
  readonly doubleLfToCrlf: boolean;
}

const escaped = (text: string, { escapeCr }: Writing): string =>
  text.replace(/[<&\r]/g, (c) => (c === '<' ? '&lt;' : c === '&' ? '&amp;' : escapeCr ? '&#xD;' : c));

export const faultText = (code: number, reason: string, writing: Writing): string =>
  `<?xml version="1.0"?>\n<methodResponse>\n<fault>\n<value>\n<struct>\n<member>\n<name>faultCode</name>\n<value><int>${code}</int></value>\n</member>\n<member>\n<name>faultString</name>\n<value><string>${escaped(reason, writing)}</string></value>\n</member>\n</struct>\n</value>\n</fault>\n</methodResponse>`;

const success = (inner: string): string =>
  `<?xml version="1.0"?>\n<methodResponse>\n<params>\n<param>\n<value>${inner}</value>\n</param>\n</params>\n</methodResponse>`;
export const succeeded = success('<int>1</int>');

/** Inside `<value>`. */
function valueText(value: RpcValue, writing: Writing): string {
  if (value === null) return '<nil/>';
  if (typeof value === 'string') return `<string>${escaped(value, writing)}</string>`;
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  if (typeof value === 'number') return `<int>${value}</int>`;
  if (value instanceof RpcDouble) return `<double>${value.value.toFixed(6)}</double>`;
  if (value instanceof RpcStruct)
    return `<struct>${value.entries.map(({ name, value: inner }) => memberText(name, inner, writing)).join('')}</struct>`;
  return `<array><data>\n${value.items
    .map(({ name, value: inner }) => {
      const item = name === null ? valueText(inner, writing) : `<struct>${memberText(name, inner, writing)}</struct>`;
      return `<value>${item}</value>\n`;
    })
    .join('')}</data></array>`;
}
const memberText = (name: string, value: RpcValue, writing: Writing): string =>
  `<member><name>${escaped(name, writing)}</name><value>${valueText(value, writing)}</value></member>`;

export const isArray = (value: RpcValue): value is RpcArray => value instanceof RpcArray;

interface Request {
  readonly method: string;
  readonly params: readonly RpcParam[];
}
/** The call in a document, or what is wrong with it. */
export function readCall(document: string, reading: Reading): Request | string {
  const root = parseXml(document);
  if (root === null) return 'Invalid XML-RPC Document';
  if (root.name !== 'methodCall') return 'Root Element Is Not methodCall';
  const method = root.children.find(({ name }) => name === 'methodName');
  if (method === undefined) return 'Method Name Not Found';
  if (method.text === '') return 'Cannot Extract Method Name';
  const params = root.children.find(({ name }) => name === 'params')?.children ?? [];
  const values: RpcParam[] = [];
  for (const param of params) {
    const value = param.children.find(({ name }) => name === 'value');
    const read = param.name === 'param' && value !== undefined ? paramOf(value, reading) : undefined;
    if (read === undefined) return 'Invalid parameter value';
    values.push(read);
  }
  return { method: method.text, params: values };
}
function paramOf(value: XmlElement, reading: Reading): RpcParam | undefined {
  const [typed] = value.children;
  const text = typed?.text ?? value.text;
  switch (typed?.name) {
    case undefined:
    case 'string':
      return reading.doubleLfToCrlf ? text.replaceAll('\n\n', '\r\n') : text;
    case 'i4':
    case 'int':
      return /^\s*[-+]?\d{1,10}\s*$/.test(text) ? Number(text) | 0 : undefined;
    case 'boolean':
      return text.trim() === '1';
    case 'double':
      return Number.isFinite(Number(text)) && text.trim() !== '' ? double(Number(text)) : undefined;
    case 'dateTime.iso8601': {
      const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(text.trim()) ?? [];
      return y === undefined
        ? undefined
        : Date.UTC(+y, Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)) / 1000;
    }
    default:
      return undefined;
  }
}

/** Runs the call in a document; the answer as a document. */
export async function dispatch(
  server: ServerApi,
  document: string,
  options: Reading & Writing & { readonly converts: boolean },
): Promise<string> {
  const request = readCall(document, options);
  if (typeof request === 'string') return faultText(400, request, options);
  const command = server.rpc.find(request.method);
  if (command === null) return faultText(500, 'Method Not Found', options);
  const call = new RpcCall(command.name, request.params, { strict: true, converts: options.converts });
  const run = server.rpc.execute(call, (error) =>
    server.log(
      -1,
      'xmlrpc',
      `command ${command.name} failed: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
  if (run?.done !== undefined) await run.done;
  const fault = call.faulted;
  call.afterReply?.();
  if (fault !== null) return faultText(fault.code, fault.text, options);
  if (command.returnsArray) return success(valueText(new RpcArray(call.results), options));
  return success(call.results.map((value) => `${valueText(value, options)}\n`).join(''));
}
