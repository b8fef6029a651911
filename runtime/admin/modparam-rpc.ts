/**
 * `modparam.*`: parameters of modules while they run, with the shape core_cmd.c of later versions gives them. What it calls
 * shared, and lets be set, are the live ones here.
 */
import { double, type RpcCall, type RpcRegistry, RpcStruct, type RpcValue } from './rpc.js';

/** One declared parameter and where its value is. */
export interface ModuleParams {
  readonly module: string;
  readonly specs: Readonly<Record<string, ParamShape>>;
  readonly values: Record<string, unknown>;
}
interface ParamShape {
  readonly type: string;
  readonly many?: boolean | undefined;
  readonly live?: unknown;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Bits of `typeval` (sr_module.h). */
const TypeBits = { string: 1, int: 2, str: 4, shared: 0x4000_0000, useFunc: 0x8000_0000 } as const;

const isInt = ({ type }: ParamShape): boolean => type === 'int';
const isShared = (spec: ParamShape): boolean => spec.live !== undefined && spec.live !== false;
/** Kamailio cannot show what goes to a function of the module: lists, and what is more than a text. */
const isOpaque = (spec: ParamShape): boolean => spec.many === true || !(isInt(spec) || spec.type === 'str');
const scalar = (value: unknown): string | number | null =>
  typeof value === 'number' || typeof value === 'string' ? value : null;
const yesNo = (is: boolean): string => (is ? 'yes' : 'no');

function outOfRange({ min, max }: ParamShape, value: number): string | null {
  if (min !== undefined && value < min) return `has to be at least ${min}`;
  return max !== undefined && value > max ? `has to be at most ${max}` : null;
}

export interface ModparamRpcServer {
  readonly rpc: RpcRegistry;
  /** Modules in the order they were loaded. */
  readonly moduleParams: () => readonly ModuleParams[];
}

export function registerModparamRpc({ rpc, moduleParams }: ModparamRpcServer): void {
  const find = (name: string): ModuleParams | undefined => moduleParams().find(({ module }) => module === name);
  /** The parameter two words name, of the kind wanted; else a fault. */
  const wanted = (call: RpcCall, name: string | undefined, param: string | undefined, int: boolean) => {
    const found = name === undefined ? undefined : find(name);
    const spec = param !== undefined && found && Object.hasOwn(found.specs, param) ? found.specs[param] : undefined;
    if (found === undefined) call.fault(404, 'Module Not Found');
    else if (param === undefined || spec === undefined || isInt(spec) !== int) call.fault(404, 'Parameter Not Found');
    else return { ...found, param, spec };
    return null;
  };
  const get = (call: RpcCall, int: boolean): void => {
    const name = call.str();
    const param = call.str();
    if (name === undefined || param === undefined) {
      call.fault(400, 'Module And Parameter Names Expected');
      return;
    }
    const found = wanted(call, name, param, int);
    if (found === null) return;
    if (isOpaque(found.spec)) {
      call.fault(488, 'Not Acceptable Here - Use Func Param');
      return;
    }
    const shm = int && isShared(found.spec);
    call.add(new RpcStruct({ module: name, param, shm: yesNo(shm), value: scalar(found.values[param]) }));
  };
  rpc.register('modparam.getn', 'Get the value of an integer parameter.', (call) => get(call, true));
  rpc.register('modparam.gets', 'Get the value of a string parameter.', (call) => get(call, false));
  rpc.register('modparam.setn', 'Set the value of an integer parameter kept in shared memory.', (call) => {
    const name = call.str();
    const param = call.str();
    const value = call.int();
    if (name === undefined || param === undefined || value === undefined)
      return call.fault(400, 'Module, Parameter And Value Expected');
    const found = wanted(call, name, param, true);
    if (found === null) return;
    if (!isShared(found.spec)) return call.fault(488, 'Not Acceptable Here - Not A Shm Param');
    const problem = outOfRange(found.spec, value);
    if (problem !== null) return call.fault(488, `Not Acceptable Here - it ${problem}`);
    const ovalue = scalar(found.values[param]);
    found.values[param] = value;
    call.add(new RpcStruct({ module: name, param, shm: 'yes', ovalue, value }));
  });
  rpc.register(
    'modparam.list',
    'List the modules parameters',
    (call) => {
      const name = call.optStr();
      const one = name === undefined ? undefined : find(name);
      if (name !== undefined && one === undefined) return call.fault(404, 'Module Not Found');
      for (const each of one === undefined ? [...moduleParams()].reverse() : [one])
        for (const [param, spec] of Object.entries(each.specs)) call.add(listed(each, param, spec));
    },
    true,
  );
}

function listed({ module, values }: ModuleParams, param: string, spec: ParamShape): RpcStruct {
  const int = isInt(spec);
  const opaque = isOpaque(spec);
  const shared = int && !opaque && isShared(spec);
  const typeval =
    (int ? TypeBits.int : TypeBits.str) + (shared ? TypeBits.shared : 0) + (opaque ? TypeBits.useFunc : 0);
  const value: RpcValue = opaque ? (int ? 0 : '[unknown]') : scalar(values[param]);
  return new RpcStruct({
    module,
    param,
    typeval: typeval > 0x7fff_ffff ? double(typeval) : typeval,
    type: int ? 'int' : 'str',
    use_func: yesNo(opaque),
    use_shm: yesNo(shared),
    value,
  });
}
