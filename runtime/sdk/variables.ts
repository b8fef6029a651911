/** The pseudo-variables of the cfg with their values, as dbg_pv_dump() and the reports of cfgt show them (cfgt_json.c). */
import { RpcArray, RpcStruct, type RpcValue } from '../admin/rpc.js';
import { avpName } from '../values/avp.js';
import type { XavpRecord, XavpValue } from '../values/xavp.js';
import type { RouteContext } from './context.js';

/** What is shown; numbers that are added up. */
export const Shown = { undefined: 1, avp: 2, scriptVar: 4, xavp: 8, other: 16 } as const;
export const SHOW_ALL = 31;

/** Classes of their own in Kamailio (pv.c), which its dump leaves out. */
const leftOut: ReadonlySet<string> = new Set(
  (
    'Bf Tf Ts bF bR bf br branch ds du duri from fu hdr hdrc hfl hflc null ou ouri rU rUl rb rd rr_count rr_top_count ' +
    'ru ruri sbranch tcp time timef to tu utime utimef ws_conid xavi xavu'
  ).split(' '),
);

interface Written {
  readonly name: string;
  readonly key: string;
  readonly index: string;
}
/** `$avp(x)`, `$(avp(x)[0])`; null: with a transformation. */
function taken(text: string): Written | null {
  const found = /^\$\(?([A-Za-z_][\w.]*)(?:\((.*?)\))?(?:\[(.*?)\])?\)?$/s.exec(text);
  return found === null ? null : { name: found[1] ?? '', key: found[2] ?? '', index: found[3] ?? '' };
}

const field = (value: XavpValue): RpcValue => (typeof value === 'object' ? '<<xavp>>' : value);
const fields = (record: XavpRecord): RpcStruct =>
  new RpcStruct(Object.fromEntries(record.names().map((name) => [name, new RpcArray(record.all(name).map(field))])));

/** Texts that Kamailio keeps a number beside, which is shown in their place (`pv_get_strintval()`). */
const numbered: Readonly<Record<string, (ctx: RouteContext) => number>> = {
  rm: ({ msg }) => msg.methodId,
};

/** In the order of the cfg, each once; without those that `isLeftOut` names, AVPs aside. */
export function variables(
  ctx: RouteContext,
  mask: number,
  isLeftOut: (name: string) => boolean = () => false,
): RpcStruct {
  const entries = new Map<string, RpcValue>();
  const shows = (what: number) => (mask & what) !== 0;
  const show = (name: string, value: RpcValue, empty: boolean) => {
    if (!empty || shows(Shown.undefined)) entries.set(name, value);
  };
  for (const pv of ctx.config.pvs) {
    const written = taken(pv.name);
    if (written === null || leftOut.has(written.name)) continue;
    if (written.name === 'avp') {
      if (!shows(Shown.avp) || !['', '0'].includes(written.index)) continue;
      const name = avpName(written.key);
      const values = ctx.avps.all(name);
      show(`$avp(${name})`, new RpcArray(values), values.length === 0);
    } else if (written.name === 'xavp') {
      if (!shows(Shown.xavp)) continue;
      const root = written.key.replace(/\[.*|=>.*/s, '');
      const records = ctx.xavps.all(root).flatMap((value) => (typeof value === 'object' ? [fields(value)] : []));
      show(`$xavp(${root})`, new RpcArray(records), records.length === 0);
    } else {
      if (isLeftOut(pv.name)) continue;
      if (!shows(written.name === 'var' ? Shown.scriptVar : Shown.other)) continue;
      const value = pv.get(ctx);
      show(pv.name, value === null ? null : (numbered[written.name]?.(ctx) ?? value), value === null);
    }
  }
  const shown = new RpcStruct();
  for (const [name, value] of entries) shown.add(name, value);
  return shown;
}
