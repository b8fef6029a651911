/**
 * JSON text as Kamailio's srjson writes it: members keep order and may repeat, tabs and new lines in the pretty form,
 * integers without a point, other numbers as printf's `%f` or `%e`.
 */
import { RpcDouble, RpcStruct, type RpcValue } from './rpc.js';

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t',
}; // biome-ignore format: one table

const special = /["\\\x00-\x1f]/g;
const escaped = (c: string): string => escapes[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

export const jsonText = (text: string): string => `"${text.replace(special, escaped)}"`;

export function jsonNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) <= 0x7fff_ffff) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e60) return value.toFixed(0);
  if (Math.abs(value) < 1e-6 || Math.abs(value) > 1e9) {
    const [digits = '', exponent = ''] = value.toExponential(6).split('e');
    const sign = exponent.startsWith('-') ? '-' : '+';
    return `${digits}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
  }
  return value.toFixed(6);
}

export function printJson(value: RpcValue, pretty: boolean, depth = 0): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return jsonText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return jsonNumber(value);
  if (value instanceof RpcDouble) return jsonNumber(value.value);
  if (value instanceof RpcStruct) {
    if (value.entries.length === 0) return pretty ? `{\n${'\t'.repeat(Math.max(0, depth))}}` : '{}';
    const inner = '\t'.repeat(depth + 1);
    const rows = value.entries.map(
      (e) => `${pretty ? inner : ''}${jsonText(e.name)}:${pretty ? '\t' : ''}${printJson(e.value, pretty, depth + 1)}`,
    );
    return pretty ? `{\n${rows.join(',\n')}\n${'\t'.repeat(depth)}}` : `{${rows.join(',')}}`;
  }
  const items = value.items.map((item) =>
    printJson(item.name === null ? item.value : new RpcStruct({ [item.name]: item.value }), pretty, depth + 1),
  );
  return `[${items.join(pretty ? ', ' : ',')}]`;
}
