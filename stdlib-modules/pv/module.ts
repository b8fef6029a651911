/** pv: the pseudo-variables nearly every cfg uses (Kamailio's pv module; `$rc` and `$var` are also part of the language). */
import { defineModule, type RpcCall, RpcStruct, StartError } from '../../runtime/sdk/index.js';
import { branchFunctions, branchPvs } from './branch-pvs.js';
import { pvFunctions } from './functions.js';
import { identityPvs } from './identity-pvs.js';
import { messagePvs } from './message-pvs.js';
import { messageStatePvs } from './message-state-pvs.js';
import { serverPvs } from './server-pvs.js';
import type { PvMe, PvState } from './spec.js';
import { uriPvs } from './uri-pvs.js';
import { aliasesOf, variablePvs } from './variable-pvs.js';
import { xavpFunctions } from './xavp-functions.js';
import { xavpPvs } from './xavp-pvs.js';

/** `name=i:5` or `name=s:text` of `shvset`. */
function presetOf(param: string, text: string): readonly [string, string | number] {
  const match = /^\s*([^=\s]+)\s*=\s*(?:(i):\s*(-?\d+)|(s):([\s\S]*))$/.exec(text);
  if (!match)
    throw new StartError('SIPC8101', `modparam("pv", "${param}", "${text}"): write name=i:number or name=s:text`);
  return [match[1]!, match[2] === 'i' ? Number(match[3]) | 0 : (match[5] ?? '')];
}

/** One variable as `pv.shvGet` shows it. */
const shown = (name: string, value: string | number) =>
  new RpcStruct({ name, type: typeof value === 'number' ? 'int' : 'string', value });

function shvGet(me: PvMe, call: RpcCall): void {
  const name = call.optStr();
  if (name === undefined) {
    const items = call.struct().struct('items');
    for (const [key, value] of me.state.shared) items.add('shv', shown(key, value));
    return;
  }
  const value = me.state.shared.get(name);
  if (value === undefined) call.fault(404, 'Variable not found');
  else call.add(shown(name, value));
}

/** What is wrong with the parameters of `pv.shvSet`, or what to set. */
function readAssignment(
  me: PvMe,
  call: RpcCall,
): { readonly name: string; readonly value: string | number } | readonly [number, string] {
  const usage = '(Parameters: varname type value)';
  const name = call.str();
  if (name === undefined) return [500, `Missing parameter varname ${usage}`];
  const type = call.str()?.toLowerCase();
  if (type === undefined) return [500, `Missing parameter type ${usage}`];
  if (type !== 'int' && type !== 'str') return [500, 'Unknown parameter type (Types: int or str)'];
  const value = type === 'int' ? call.int() : call.str();
  if (value === undefined) return [500, `Missing ${type === 'int' ? 'integer ' : ''}parameter value ${usage}`];
  return me.state.shared.has(name) ? { name, value } : [404, 'Variable not found'];
}

function shvSet(me: PvMe, call: RpcCall): void {
  const read = readAssignment(me, call);
  if ('name' in read) {
    me.state.shared.set(read.name, read.value);
    call.add('Ok. Variable set to new value.');
  } else call.fault(...read);
}

export default defineModule({
  name: 'pv',
  doc: 'Pseudo-variables of message, URIs, source, time, and variables that hold values.',
  uses: [],
  params: {
    avp_aliases: {
      type: 'str',
      many: true,
      doc: 'Other names of AVPs: `alias=name;alias=i:5`; case does not count in an alias (since Kamailio 5.8).',
    },
    shvset: { type: 'str', many: true, doc: 'Sets a shared variable at start: name=i:5 or name=s:text.' },
    varset: {
      type: 'str',
      many: true,
      doc: 'What a $var has when a run begins, instead of 0: name=i:5 or name=s:text.',
    },
  },
  stats: {},
  state: (init, params): PvState => {
    const previous = init.previous as PvState | undefined;
    const shared = new Map(previous?.shared);
    for (const preset of params.shvset) {
      const [name, value] = presetOf('shvset', preset);
      shared.set(name, value);
    }
    const avpAliases = aliasesOf(params.avp_aliases);
    if (avpAliases === null)
      throw new StartError(
        'SIPC8102',
        `modparam("pv", "avp_aliases", "${params.avp_aliases.join(';')}"): write alias=name;…, each name once`,
      );
    return { shared, avpAliases, xavpKeys: new Map(), selects: new Map() };
  },
  start(me, server) {
    for (const preset of me.params.varset) server.presetVariable(...presetOf('varset', preset));
  },
  functions: { ...pvFunctions, ...xavpFunctions, ...branchFunctions },
  pvs: {
    ...messagePvs,
    ...identityPvs,
    ...messageStatePvs,
    ...uriPvs,
    ...branchPvs,
    ...variablePvs,
    ...xavpPvs,
    ...serverPvs,
  },
  rpc: {
    'pv.shvGet': { doc: 'Shows one shared variable, or all.', run: shvGet },
    'pv.shvSet': {
      doc: 'Sets a shared variable: name, type (int or str), value.',
      run: shvSet,
    },
  },
  eventRoutes: {},
  missing: [],
});
