/** What bind finds out: the tables the later phases read beside the syntax tree. */
import type { ArgSpec, ParamSpec, RouteKind } from '../../runtime/sdk/define.js';
import type {
  Alias,
  AttributeExpression,
  BlockKeyword,
  CallExpression,
  Config,
  CustomParam,
  Expression,
  GlobalParam,
  Listen,
  LoadModule,
  PvExpression,
  RouteBlock,
  SelectExpression,
} from '../ast.js';
import type { FunctionDeclaration, ModuleDeclaration, PvDeclaration } from '../declarations.js';
import type { Span } from '../span.js';
import type { TransformSignature } from './transformations.js';

/** A `loadmodule`d module; `declaration` is null when Kamailio has it and we do not. */
export interface BoundModule {
  readonly name: string;
  readonly declaration: ModuleDeclaration | null;
  readonly node: LoadModule | null;
}

/** Text with pseudo-variables, in pieces. */
export type FormatPart = string | BoundPv;
export type Format = readonly FormatPart[];

export interface BoundPv {
  readonly kind: 'pv';
  /** As written. */
  readonly text: string;
  /**
   * `declared`: a module's; `var`: `$var(x)`; `rc`: the last return code; `null`; `marker`: `$$`; `cfg`: a place in the
   * cfg, known now; `missing`: Kamailio's, not ours; `bad`: reported.
   */
  readonly what: 'declared' | 'var' | 'rc' | 'null' | 'marker' | 'cfg' | 'missing' | 'bad';
  readonly name: string;
  readonly module: string;
  readonly declaration: PvDeclaration | null;
  readonly key: Format | null;
  readonly index: number | '*' | BoundPv | null;
  readonly transforms: readonly BoundTransform[];
  readonly span: Span;
}
export interface BoundTransform {
  readonly name: string;
  readonly signature: TransformSignature;
  readonly args: readonly (string | number | BoundPv | BoundSubstitution)[];
}

/** `s/regex/replacement/flags`, taken apart. A number in the replacement is a group. */
export interface BoundSubstitution {
  readonly source: string;
  readonly flags: string;
  readonly replacement: readonly (string | number | BoundPv)[];
}

/** An argument as `run` is to receive it. */
export type BoundArg =
  | { readonly kind: 'constant'; readonly value: string | number }
  /** Text built at the call, or a function that builds it (`lazy`). */
  | { readonly kind: 'format'; readonly parts: Format; readonly lazy: boolean }
  /** An integer read from a pseudo-variable, or from text that is built first. */
  | { readonly kind: 'int'; readonly parts: Format }
  /** An expression computed at the call. */
  | {
      readonly kind: 'expression';
      readonly expression: Expression;
      readonly as: 'int' | 'str' | 'format' | 'regex' | 'pv';
    }
  | { readonly kind: 'regex'; readonly source: string }
  | { readonly kind: 'subst'; readonly substitution: BoundSubstitution }
  | { readonly kind: 'pv'; readonly pv: BoundPv }
  | { readonly kind: 'omitted' };

export type BoundCall =
  | {
      readonly kind: 'function';
      readonly module: string;
      readonly declaration: FunctionDeclaration;
      readonly args: readonly BoundArg[];
      readonly specs: readonly (ArgSpec | undefined)[];
    }
  /** `route(X)`. */
  | { readonly kind: 'route'; readonly target: string | null; readonly argument: Expression }
  /** `selval(condition, yes, no)`: one of two values. */
  | { readonly kind: 'choice' }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'bad' };

export type ParamValue =
  | { readonly kind: 'constant'; readonly value: string | number }
  | { readonly kind: 'pv'; readonly pv: BoundPv }
  | { readonly kind: 'format'; readonly parts: Format }
  /** `modparamx`: text that is made once, at start. */
  | { readonly kind: 'evaluated'; readonly parts: Format }
  | { readonly kind: 'extra'; readonly entries: readonly { readonly name: string; readonly pv: BoundPv }[] };
export interface BoundParam {
  readonly module: string;
  readonly name: string;
  readonly spec: ParamSpec;
  readonly value: ParamValue;
  readonly span: Span;
}

/** Where a block is kept in the program. */
export type RouteTableName =
  | 'request_route'
  | 'routes'
  | 'reply_route'
  | 'onreply_route'
  | 'failure_route'
  | 'branch_route'
  | 'onsend_route'
  | 'event_route';
export interface BoundRoute {
  readonly table: RouteTableName;
  /** Empty for the unnamed ones. */
  readonly name: string;
  readonly keyword: BlockKeyword;
  /** Kinds of function that may be called in it. */
  readonly kinds: readonly RouteKind[];
  /** More than one when an unnamed block is written twice: they run one after the other. */
  readonly blocks: readonly RouteBlock[];
}

export interface BoundProgram {
  readonly config: Config;
  /** In load order, `core` first. */
  readonly modules: readonly BoundModule[];
  readonly globals: readonly GlobalParam[];
  readonly custom: readonly CustomParam[];
  readonly listen: readonly Listen[];
  readonly aliases: readonly Alias[];
  readonly params: readonly BoundParam[];
  readonly flags: ReadonlyMap<string, number>;
  readonly routes: readonly BoundRoute[];
  readonly calls: ReadonlyMap<CallExpression, BoundCall>;
  readonly pvs: ReadonlyMap<PvExpression, BoundPv>;
  readonly selects: ReadonlyMap<SelectExpression, readonly (string | number)[]>;
  readonly attributes: ReadonlyMap<AttributeExpression, BoundPv>;
  /** Definitions that `$def(…)` and its like name, with their text. */
  readonly defines: ReadonlyMap<string, string>;
  /** Names of `$var(…)` used, in order of appearance. */
  readonly variables: readonly string[];
  /** Names of `route(X)` targets and of failure, reply and branch blocks that are named in arguments, with their places. */
  readonly targets: readonly RouteTarget[];
}
export interface RouteTarget {
  readonly table: 'routes' | 'failure_route' | 'onreply_route' | 'branch_route' | 'event_route';
  readonly name: string;
  readonly span: Span;
}
