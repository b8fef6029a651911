/** Module declarations as the compiler sees them: `defineModule` without code. The build writes them into one index. */
import type {
  ArgSpec,
  EventRouteSpec,
  ParamSpec,
  PvKeySpec,
  Returns,
  RouteKind,
  RouteMask,
  StatSpec,
} from '../runtime/sdk/define.js';

export interface FunctionDeclaration {
  readonly name: string;
  readonly doc: string;
  readonly args: readonly ArgSpec[];
  readonly routes: readonly RouteMask[];
  readonly returns: Returns;
  readonly async: 'never' | 'maybe' | 'always';
  readonly runs: readonly RouteKind[];
  readonly example: string;
  readonly constArgs: boolean;
  /** What it needs and the runtime does not have. */
  readonly lacks?: string;
  /** Set on an alias: the name it stands for. */
  readonly aliasOf?: string;
}
export interface PvDeclaration {
  readonly name: string;
  readonly doc: string;
  readonly type: 'str' | 'int' | 'any';
  readonly nullable: boolean;
  readonly key: PvKeySpec;
  readonly index: boolean;
  readonly writable: boolean;
  /** A read is preceded by asking others: the statement around it may wait. */
  readonly prepared: boolean;
}
export interface ModuleDeclaration {
  readonly name: string;
  readonly doc: string;
  readonly uses: readonly string[];
  readonly watchesRoutes: boolean;
  readonly params: Readonly<Record<string, ParamSpec>>;
  readonly stats: Readonly<Record<string, StatSpec>>;
  /** Aliases included. */
  readonly functions: Readonly<Record<string, FunctionDeclaration>>;
  readonly pvs: Readonly<Record<string, PvDeclaration>>;
  readonly rpc: Readonly<Record<string, { readonly doc: string }>>;
  readonly selects: Readonly<Record<string, { readonly doc: string }>>;
  readonly eventRoutes: Readonly<Record<string, EventRouteSpec>>;
  readonly missing: readonly string[];
  readonly outOfReach: Readonly<Record<string, string>>;
}

/** The part of a `defineModule` result this needs; structural, so that any module fits. */
interface DeclaredModule {
  name: string;
  doc: string;
  uses: readonly string[];
  watchesRoutes?: boolean;
  params: Readonly<Record<string, ParamSpec>>;
  stats: Readonly<Record<string, StatSpec>>;
  functions: Readonly<
    Record<
      string,
      {
        doc: string;
        args: readonly ArgSpec[];
        routes: readonly RouteMask[];
        returns: Returns;
        async?: 'never' | 'maybe' | 'always';
        runs?: readonly RouteKind[];
        example: string;
        constArgs?: boolean;
        lacks?: string;
        aliases?: readonly string[];
      }
    >
  >;
  pvs: Readonly<
    Record<
      string,
      {
        doc: string;
        type: 'str' | 'int' | 'any';
        nullable?: boolean;
        key?: PvKeySpec;
        index?: boolean;
        set?: unknown;
        prepare?: unknown;
      }
    >
  >;
  rpc: Readonly<Record<string, { doc: string }>>;
  selects?: Readonly<Record<string, { doc: string }>>;
  eventRoutes: Readonly<Record<string, EventRouteSpec>>;
  missing: readonly string[];
  outOfReach?: Readonly<Record<string, string>>;
}

/** Strips the code from a module. */
export function declarationOf(module: DeclaredModule): ModuleDeclaration {
  const functions: Record<string, FunctionDeclaration> = {};
  for (const [name, spec] of Object.entries(module.functions)) {
    const { doc, args, routes, returns, example } = spec;
    const declared: FunctionDeclaration = {
      name,
      doc,
      args,
      routes,
      returns,
      example,
      async: spec.async ?? 'never',
      runs: spec.runs ?? [],
      constArgs: spec.constArgs ?? false,
      ...(spec.lacks !== undefined && { lacks: spec.lacks }),
    };
    functions[name] = declared;
    for (const alias of spec.aliases ?? []) functions[alias] = { ...declared, name: alias, aliasOf: name };
  }
  const pvs: Record<string, PvDeclaration> = {};
  for (const [name, spec] of Object.entries(module.pvs))
    pvs[name] = {
      name,
      doc: spec.doc,
      type: spec.type,
      nullable: spec.nullable ?? true,
      key: spec.key ?? { use: 'none' },
      index: spec.index ?? false,
      writable: spec.set !== undefined,
      prepared: spec.prepare !== undefined,
    };
  const docsOnly = (entries: Readonly<Record<string, { doc: string }>>) =>
    Object.fromEntries(Object.entries(entries).map(([name, { doc }]) => [name, { doc }]));
  return {
    name: module.name,
    doc: module.doc,
    uses: module.uses,
    watchesRoutes: module.watchesRoutes ?? false,
    params: module.params,
    stats: module.stats,
    functions,
    pvs,
    rpc: docsOnly(module.rpc),
    selects: docsOnly(module.selects ?? {}),
    eventRoutes: module.eventRoutes,
    missing: module.missing,
    outOfReach: module.outOfReach ?? {},
  };
}
