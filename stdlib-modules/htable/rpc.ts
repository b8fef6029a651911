/** The htable.* commands. */
import { type RpcCall, RpcStruct, strftime } from '../../runtime/sdk/index.js';
import type { Replication } from './replication.js';
import type { Cell, Table } from './table.js';

export type Tables = ReadonlyMap<string, Table>;
/** Kamailio lists the table declared last first. */
const newestFirst = (tables: Tables): Table[] => [...tables.values()].reverse();

function tableOf(tables: Tables, call: RpcCall, name: string): Table | null {
  const table = tables.get(name);
  if (table === undefined) call.fault(500, 'No such htable');
  return table ?? null;
}
const STR_FLAG = 2;

export function dump(tables: Tables, call: RpcCall): void {
  const name = call.str();
  if (name === undefined) {
    call.fault(500, 'No htable name given');
    return;
  }
  const table = tableOf(tables, call, name);
  if (table === null) return;
  for (const [slot, cells] of table.bySlot()) {
    const entry = call.struct().add('entry', slot).add('size', cells.length);
    const list = entry.array('slot');
    for (const { name: key, value } of cells)
      list.push(new RpcStruct({ name: key, value, type: typeof value === 'string' ? 'str' : 'int' }));
  }
}

export function remove(tables: Tables, call: RpcCall): void {
  const [name, key] = [call.str(), call.str()];
  if (name === undefined || key === undefined) {
    call.fault(500, 'Not enough parameters (htable name & key name');
    return;
  }
  const table = tableOf(tables, call, name);
  if (table === null) return;
  table.replica?.remove(key);
  if (table.cells.delete(key)) call.add('Ok. Key deleted.');
  else call.fault(404, 'Key not found in htable.');
}

export function get(tables: Tables, call: RpcCall): void {
  const [name, key] = [call.str(), call.str()];
  if (name === undefined || key === undefined) {
    call.fault(500, 'Not enough parameters (htable name and key name)');
    return;
  }
  const cell = tableOf(tables, call, name)?.get(key);
  if (cell === undefined) return;
  if (cell === null) {
    call.fault(500, "Key name doesn't exist in htable.");
    return;
  }
  call
    .struct()
    .struct('item')
    .add('name', cell.name)
    .add('value', cell.value)
    .add('flags', typeof cell.value === 'string' ? STR_FLAG : 0)
    .add('expire', shownExpiry(cell));
}
const shownExpiry = ({ expire }: Cell): string =>
  expire === 0 ? 'NEVER' : strftime('%Y-%m-%d %H:%M:%S', new Date(expire * 1000));

/** `sets`, `seti`, `setxs`, `setxi`. */
export function set(tables: Tables, call: RpcCall, kind: 'text' | 'int', withExpire: boolean): void {
  const name = call.str();
  const key = call.str();
  const value = kind === 'text' ? call.text() : call.intText();
  const expire = withExpire ? call.int() : 0;
  if (name === undefined || key === undefined || value === undefined || expire === undefined) {
    call.fault(
      500,
      `Not enough parameters (htable name, key name${withExpire ? ', value and expire)' : ' and value)'}`,
    );
    return;
  }
  const table = tables.get(name);
  table?.replica?.set(key, value);
  if (withExpire) table?.replica?.setExpire(key, expire);
  if (table === undefined) call.fault(500, withExpire ? 'Failed to set the item' : 'No such htable');
  else if (table.set(key, value, expire)) call.add('Ok. Key set to new value.');
  else call.fault(500, 'Failed to set the item');
}

export function setExpire(tables: Tables, call: RpcCall): void {
  const [name, key, seconds] = [call.str(), call.str(), call.intText()];
  if (name === undefined || key === undefined || seconds === undefined) {
    call.fault(500, 'Not enough parameters (htable name, item name and expire)');
    return;
  }
  const table = tableOf(tables, call, name);
  if (table === null) return;
  table.replica?.setExpire(key, seconds);
  table.setExpire(key, seconds);
  call.add('Ok');
}

export function list(tables: Tables, call: RpcCall): void {
  if (tables.size === 0) call.fault(500, 'No htables');
  for (const { spec } of newestFirst(tables))
    call
      .struct()
      .add('name', spec.name)
      .add('dbtable', spec.dbTable)
      .add('dbmode', spec.dbMode)
      .add('expire', spec.autoExpireSec)
      .add('updateexpire', spec.updateExpire ? 1 : 0)
      .add('size', spec.slots)
      .add('dmqreplicate', spec.replicate);
}

export function stats(tables: Tables, call: RpcCall): void {
  if (tables.size === 0) call.fault(500, 'No htables');
  for (const table of newestFirst(tables)) {
    const sizes = [...table.bySlot().values()].map((cells) => cells.length);
    const { name, slots } = table.spec;
    call
      .struct()
      .add('name', name)
      .add('slots', slots)
      .add('all', table.cells.size)
      .add('min', sizes.length < slots ? 0 : Math.min(...sizes))
      .add('max', Math.max(0, ...sizes));
  }
}

export function flush(tables: Tables, call: RpcCall): void {
  const name = call.str();
  if (name === undefined) {
    call.fault(500, 'No htable name given');
    return;
  }
  const table = tableOf(tables, call, name);
  if (table === null) return;
  table.cells.clear();
  call.add('Ok. Htable flushed.');
}

/** Asks the other nodes for a table, or for all. */
export function askFor(replication: Replication | null, call: RpcCall): void {
  const name = call.optStr() ?? null;
  if (replication?.ask(name, null)) call.add('Ok');
  else call.fault(500, 'HTable DMQ Sync Failed');
}
/** Empties a table and asks for what the others have in it. */
export function startOver(tables: Tables, replication: Replication | null, call: RpcCall): void {
  const name = call.str();
  if (name === undefined) {
    call.fault(500, 'No htable name given');
    return;
  }
  const table = tableOf(tables, call, name);
  if (table === null) return;
  table.cells.clear();
  if (replication?.ask(name, null)) call.add('Ok');
  else call.fault(500, 'HTable DMQ Sync Failed');
}
