/** The pages: the groups of commands, the commands of one, what a command answered. */
import { RpcArray, RpcDouble, RpcStruct, type RpcValue } from '../../runtime/sdk/index.js';

const style =
  'body{margin:0;font:14px verdana,arial,sans-serif}h2{margin:0;padding:20px;text-align:center;background:#eff7ff}' +
  'nav{padding:10px;text-align:center}nav a{padding:0 6px}table{width:90%;margin:auto}td{padding:3px;vertical-align:top}';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => escapes[c] ?? c);

/** `core.version` is in the group `core`. Names without a dot are in none, and not shown. */
export function groupsOf(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const name of [...names].sort()) {
    const dot = name.indexOf('.');
    if (dot <= 0) continue;
    const group = name.slice(0, dot);
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  return groups;
}

export interface Place {
  readonly root: string;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Null: none was chosen. */
  readonly group: string | null;
  readonly command: string | null;
}
export interface Outcome {
  readonly code: number;
  readonly reason: string;
  readonly results: readonly RpcValue[];
}

const link = ({ root }: Place, ...parts: readonly string[]): string => {
  const path = [root, ...parts].filter((part) => part !== '').join('/');
  return `<a href="/${escapeHtml(path)}">${escapeHtml(parts.at(-1) ?? '')}</a>`;
};
const form = '<form method="get"><input type="text" name="arg"/><input type="submit" value="Submit"/></form>';
const status = ({ code, reason }: Outcome): string => `${code}: ${escapeHtml(reason)}`;

/** `outcome` of a command, or what is wrong with the address; null where nothing was asked yet. */
export function page(place: Place, server: string, outcome: Outcome | null): string {
  const { groups, group, command } = place;
  const menu = [...groups.keys()].map((name) => (name === group ? `<b>${link(place, name)}</b>` : link(place, name)));
  const title = `${escapeHtml(server.split(' ')[0] ?? '')}: RPC Interface`;
  const head = `<html><head><title>${title}</title><style>${style}</style></head><body><h2>${title}</h2>`;
  return `${head}<p align="center">${escapeHtml(server)}</p>\n<nav>\n${menu.join('\n')}\n</nav>\n${body(place, outcome)}</body></html>`;

  function body(at: Place, told: Outcome | null): string {
    if (group !== null && command !== null && told !== null) {
      const shown = told.results.map((value) => lines(value, 0)).join('');
      return `<table><tr><td>${link(at, group, command)}</td><td>${status(told)}</td></tr>\n<tr><td></td><td><pre>${shown}</pre></td></tr></table>\n`;
    }
    if (told !== null) return `<pre>${status(told)}</pre>\n`;
    if (group === null) return '';
    const rows = (groups.get(group) ?? []).map(
      (name) => `<tr><td>${link(at, group, name)}</td><td>${name === command ? form : ''}</td></tr>\n`,
    );
    return `<table>\n${rows.join('')}</table>\n`;
  }
}

/** A value a line; what is inside another, behind one more tab. */
function lines(value: RpcValue, depth: number): string {
  if (value instanceof RpcStruct)
    return value.entries.map(({ name, value: inner }) => member(name, inner, depth)).join('');
  if (value instanceof RpcArray)
    return value.items
      .map(({ name, value: inner }) => (name === null ? lines(inner, depth) : member(name, inner, depth)))
      .join('');
  return `${plain(value)}<br/>`;
}
function member(name: string, value: RpcValue, depth: number): string {
  const head = `${'\t'.repeat(depth)}${escapeHtml(name)}: `;
  return value instanceof RpcStruct || value instanceof RpcArray
    ? `${head}<br/>${lines(value, depth + 1)}`
    : `${head}${plain(value)}<br/>`;
}
function plain(value: string | number | boolean | null | RpcDouble): string {
  if (value instanceof RpcDouble) return value.value.toFixed(6);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return value === null ? '' : escapeHtml(String(value));
}
