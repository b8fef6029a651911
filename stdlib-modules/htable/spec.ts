/**
 * `name=>size=8;autoexpire=7200;initval=0`: the parameter that declares a table.
 */
import type { TableSpec } from './table.js';

/** Powers of two, 8 at least. */
const slotsOf = (size: number): number => (size <= 1 ? 8 : size > 31 ? 1 << 14 : (2 ** Math.min(size, 24)) | 0);

const MAX_COLUMNS = 8;

/** A text: what is wrong with it. */
export function parseSpec(text: string): TableSpec | string {
  const arrow = text.indexOf('=>');
  const name = (arrow < 0 ? text : text.slice(0, arrow)).trim();
  if (arrow < 0 || name === '') return 'has to be name=>parameters';
  const given = new Map<string, string>();
  for (const piece of splitParams(text.slice(arrow + 2))) {
    const eq = piece.indexOf('=');
    const key = (eq < 0 ? piece : piece.slice(0, eq)).trim();
    if (key === '') continue;
    if (!known.has(key)) return `has no attribute ${key}`;
    const value = eq < 0 ? '' : piece.slice(eq + 1).trim();
    given.set(key, /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value);
  }
  for (const key of numbers) {
    const value = given.get(key);
    if (value !== undefined && !/^\d{1,10}$/.test(value)) return `${key} has to be a number`;
  }
  const initial = given.get('initval');
  if (initial !== undefined && !/^[+-]?\d{1,10}$/.test(initial)) return 'initval has to be an integer';
  const columns = (given.get('cols') ?? '').split(',').filter((c) => c !== '');
  if (columns.length === 1 || columns.length > MAX_COLUMNS) return `cols has to name 2 to ${MAX_COLUMNS} columns`;
  const number = (key: string, otherwise: number) => Number(given.get(key) ?? otherwise);
  return {
    name,
    autoExpireSec: number('autoexpire', 0),
    slots: slotsOf(number('size', 4)),
    initial: initial === undefined ? null : Number(initial) | 0,
    updateExpire: number('updateexpire', 1) !== 0,
    dbTable: given.get('dbtable') ?? '',
    dbMode: number('dbmode', 0),
    columns,
    replicate: number('dmqreplicate', 0),
  };
}
const numbers = ['autoexpire', 'size', 'dbmode', 'updateexpire', 'dmqreplicate'];
const known = new Set([...numbers, 'dbtable', 'cols', 'initval']);

/** At semicolons outside quotes. */
function splitParams(text: string): string[] {
  const pieces: string[] = [];
  let quote = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? '';
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === ';') {
      pieces.push(text.slice(from, i));
      from = i + 1;
    }
  }
  pieces.push(text.slice(from));
  return pieces;
}
