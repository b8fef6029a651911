/** Selects of the server and the run: clock, process, target set, run-time parameters. */
import {
  type BranchTarget,
  nameAddrSelects,
  paramsSelect,
  type RouteContext,
  type SelectTable,
  select,
  strftime,
  uriSelects,
  type Value,
  type SelectWords as Words,
} from '../../../runtime/sdk/index.js';
import { selectedInstance } from '../instances.js';

// Clock and process ------------------------------------------------------------------------------------------------

const nowMs = (ctx: RouteContext): number => ctx.server.env.clock.now();
const clock = (utc: boolean) =>
  select(`time now, ${utc ? 'UTC' : 'local'}, in a strftime() format`, (ctx, words) =>
    strftime(typeof words[3] === 'string' ? words[3] : '%a %b %e %H:%M:%S %Y', new Date(nowMs(ctx)), utc),
  );
const hex = (n: number, width: number) => n.toString(16).padStart(width, '0').slice(-width);
/** Process, second and number of the message: never the same twice. */
const unique = (ctx: RouteContext): string =>
  `${hex(ctx.server.info.pid, 4)}-${hex(Math.trunc(ctx.server.info.startedAt / 1000), 8)}-${ctx.server.env.random.hex(8)}`;

const times = Object.fromEntries(
  ['gmt', 'utc', 'local'].flatMap((zone) => [
    [`sys.now.${zone}`, clock(zone !== 'local')],
    [`sys.now.${zone}.*`, clock(zone !== 'local')],
  ]),
) as SelectTable;

// Target set -------------------------------------------------------------------------------------------------------

const qText = (q: number): string => {
  if (q >= 1000) return '1';
  return q <= 0 ? '0' : `0.${String(q).padStart(3, '0').replace(/0+$/, '')}`;
};
const shapes: Readonly<Record<string, (branch: BranchTarget) => string>> = {
  uri: (b) => b.uri,
  dst_uri: (b) => b.dstUri ?? '',
  q: (b) => (b.q < 0 ? '' : qText(b.q)),
  uriq: (b) => (b.q < 0 ? b.uri : `<${b.uri}>;q=${qText(b.q)}`),
};
/** One branch by its index, from 0, or all of them; of all, nothing below can be asked. */
function branches(ctx: RouteContext, words: Words): string | null {
  const shape = shapes[String(words[1]).toLowerCase()];
  const all = ctx.draft.branches;
  if (shape === undefined || all.length === 0) return null;
  if (words.length > 2 && typeof words[2] !== 'number') return null;
  if (words[2] === undefined) return all.map(shape).join(',');
  const one = all[Number(words[2])];
  return one === undefined ? null : shape(one);
}
function branchSelects(): SelectTable {
  const table: SelectTable = {
    'branch.count': select('how many branches the target set has', (ctx) => String(ctx.draft.branches.length)),
  };
  for (const part of Object.keys(shapes))
    for (const path of [`branch.${part}`, `branch.${part}.#`]) {
      table[path] = select('a branch of the target set, or all', branches);
      if (part === 'uriq') Object.assign(table, nameAddrSelects(path, 'a branch', branches));
      else if (part !== 'q') Object.assign(table, uriSelects(path, 'a branch', branches));
    }
  return table;
}

// Run-time parameters ----------------------------------------------------------------------------------------------

function parameter(ctx: RouteContext, words: Words): string | null {
  const [, group, name] = words.map(String);
  const { settings } = ctx.server;
  const id = selectedInstance(ctx, group ?? '');
  const own = id === null ? undefined : settings.instance(group ?? '', id)?.get(name ?? '');
  const value: Value = own ?? settings.live.get(`${group}.${name}`)?.get() ?? null;
  return value === null ? null : String(value);
}

export const serverSelects: SelectTable = {
  'sys.pid': select('process id', (ctx) => String(ctx.server.info.pid)),
  'sys.server_id': select('server_id', (ctx) => String(ctx.server.settings.values.server_id)),
  'sys.unique': select('a text that is never the same twice', unique),
  'sys.now': select('time now, seconds since 1970', (ctx) => String(Math.trunc(nowMs(ctx) / 1000))),
  ...times,
  ...branchSelects(),
  'cfg_selected.*': select(
    'the instance of a group of the cfg’s own that cfg_select() chose; empty: the group itself',
    (ctx, words) => String(selectedInstance(ctx, String(words[1])) ?? ''),
  ),
  'cfg_get.*.*': select('run-time parameter: group, name', parameter),
  ...paramsSelect('cfg_get.*.*', 'a run-time parameter', parameter),
  ...nameAddrSelects('cfg_get.*.*.nameaddr', 'a run-time parameter', parameter),
  ...uriSelects('cfg_get.*.*.uri', 'a run-time parameter', parameter),
};
