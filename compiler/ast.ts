/** The syntax tree of a cfg: one union per level, discriminated by `kind`; every node has a span; no methods. */
import type { Span } from './span.js';

interface Node {
  readonly span: Span;
}
export interface Name extends Node {
  readonly text: string;
}

/** A cfg after preprocessing and parsing, in file order. */
export interface Config {
  readonly items: readonly Item[];
  /** What `#!define`, `-A` and the start left defined, with their text: what `$def()` reads. */
  readonly defines?: ReadonlyMap<string, string>;
}

// Top level -------------------------------------------------------------------------------------------------------

export type Item =
  | GlobalParam
  | CustomParam
  | Listen
  | Alias
  | LoadModule
  | ModulePath
  | ModParam
  | FlagsDeclaration
  | RouteBlock
  | BadItem;

/** `debug=2`, `log_prefix="…"`, `children=8`. */
export interface GlobalParam extends Node {
  readonly kind: 'global';
  readonly name: Name;
  readonly value: GlobalValue;
}
export type GlobalValue =
  | (Node & { readonly kind: 'int'; readonly value: number })
  | (Node & { readonly kind: 'str'; readonly value: string })
  /** Bare words: LOG_LOCAL0, an address, a host name. */
  | (Node & { readonly kind: 'word'; readonly value: string })
  | (Node & { readonly kind: 'list'; readonly values: readonly GlobalValue[] });

/** `group.id = value desc "…"`. */
export interface CustomParam extends Node {
  readonly kind: 'custom';
  readonly group: Name;
  readonly id: Name;
  readonly value: Extract<GlobalValue, { kind: 'int' | 'str' }>;
  readonly description: string | null;
}

/** `listen=proto:host:port advertise host:port name "…"`, and the `socket = { … }` form. */
export interface Listen extends Node {
  readonly kind: 'listen';
  readonly sockets: readonly ListenSocket[];
}
export interface ListenSocket extends Node {
  /** Null: every transport that is on. */
  readonly proto: 'udp' | 'tcp' | 'tls' | 'sctp' | null;
  /** Numeric address, interface name or host name. */
  readonly host: string;
  readonly port: number | null;
  readonly advertise: { readonly host: string; readonly port: number | null } | null;
  readonly name: string | null;
  readonly virtual: boolean;
  readonly agname: string | null;
}
export interface Alias extends Node {
  readonly kind: 'alias';
  readonly entries: readonly { readonly proto: string | null; readonly host: string; readonly port: number | null }[];
}
export interface LoadModule extends Node {
  readonly kind: 'loadmodule';
  /** As written: path, `.so` and quotes are taken off in `name`. */
  readonly written: string;
  readonly name: Name;
  readonly options: string | null;
}
export interface ModulePath extends Node {
  readonly kind: 'mpath';
  readonly path: string;
}
export interface ModParam extends Node {
  readonly kind: 'modparam';
  /** As written: a name, `a|b`, or a regular expression. */
  readonly modules: Name;
  readonly name: Name;
  readonly value: Extract<GlobalValue, { kind: 'int' | 'str' }>;
  /** `modparamx`: pseudo-variables in the value are evaluated at start. */
  readonly evaluated: boolean;
}
export interface FlagsDeclaration extends Node {
  readonly kind: 'flags' | 'avpflags';
  readonly names: readonly { readonly name: Name; readonly number: number | null }[];
}

export type BlockKeyword =
  | 'request_route'
  | 'route'
  | 'reply_route'
  | 'onreply_route'
  | 'failure_route'
  | 'branch_route'
  | 'onsend_route'
  | 'event_route';
export interface RouteBlock extends Node {
  readonly kind: 'route';
  readonly keyword: BlockKeyword;
  /** Null: the unnamed block. Numbers are names: `route[0]` is the main route. */
  readonly name: Name | null;
  readonly body: readonly Statement[];
  /** Of `keyword[name]`, for diagnostics. */
  readonly head: Span;
}
/** Text that did not parse; its diagnostic is reported. */
export interface BadItem extends Node {
  readonly kind: 'bad';
}

// Statements ------------------------------------------------------------------------------------------------------

export type Statement =
  | If
  | While
  | Switch
  | Assign
  | ExpressionStatement
  | Flow
  | BreakContinue
  | EmptyStatement
  | BadStatement;
export interface If extends Node {
  readonly kind: 'if';
  readonly condition: Expression;
  readonly then: readonly Statement[];
  readonly else: readonly Statement[] | null;
}
export interface While extends Node {
  readonly kind: 'while';
  readonly condition: Expression;
  readonly body: readonly Statement[];
}
export interface Switch extends Node {
  readonly kind: 'switch';
  readonly subject: Expression;
  readonly cases: readonly SwitchCase[];
}
export interface SwitchCase extends Node {
  readonly label:
    | { readonly kind: 'value'; readonly value: Expression }
    | { readonly kind: 'regex'; readonly source: string; readonly span: Span }
    | { readonly kind: 'default' };
  readonly body: readonly Statement[];
}
export interface Assign extends Node {
  readonly kind: 'assign';
  readonly target: PvExpression | AttributeExpression;
  readonly value: Expression;
}
/** A call, or any expression Kamailio takes as an action. */
export interface ExpressionStatement extends Node {
  readonly kind: 'expression';
  readonly expression: Expression;
}
/** `exit`, `drop`, `return`, with the optional value. */
export interface Flow extends Node {
  readonly kind: 'exit' | 'drop' | 'return';
  readonly value: Expression | null;
}
export interface BreakContinue extends Node {
  readonly kind: 'break' | 'continue';
}
export interface EmptyStatement extends Node {
  readonly kind: 'empty';
}
export interface BadStatement extends Node {
  readonly kind: 'bad';
}

// Expressions -----------------------------------------------------------------------------------------------------

export type Expression =
  | IntLiteral
  | StringLiteral
  | NullLiteral
  | PvExpression
  | SelectExpression
  | AttributeExpression
  | CallExpression
  | KeywordExpression
  | WordExpression
  | Unary
  | Binary
  | BlockExpression
  | AssignExpression;
export interface IntLiteral extends Node {
  readonly kind: 'int';
  readonly value: number;
}
/** Escapes processed, adjacent strings joined. */
export interface StringLiteral extends Node {
  readonly kind: 'str';
  readonly value: string;
}
/** `$null`. */
export interface NullLiteral extends Node {
  readonly kind: 'null';
}
/** `$rU`, `$(hdr(Via)[1]{s.len})`: name, inner text and index are taken apart in bind. */
export interface PvExpression extends Node {
  readonly kind: 'pv';
  /** As written, from `$`. */
  readonly text: string;
  /** A plain `$name`: in the default compatibility mode an unknown one is the AVP of that name. */
  readonly orAttribute?: boolean;
}
/** `@ruri.user`, as written. */
export interface SelectExpression extends Node {
  readonly kind: 'select';
  readonly text: string;
}
/** `%attr` and `$f.attr`: SER attributes, as written. */
export interface AttributeExpression extends Node {
  readonly kind: 'attribute';
  readonly text: string;
}
/** A core or module function, also without parentheses where the language allows it (`args` is then empty, `bare` true). */
export interface CallExpression extends Node {
  readonly kind: 'call';
  readonly name: Name;
  readonly args: readonly Expression[];
  readonly bare: boolean;
}
/** `method`, `uri`, `src_ip`, `msg:len`, `myself`, `status` … */
export interface KeywordExpression extends Node {
  readonly kind: 'keyword';
  readonly name: string;
}
/** A bare word, address or network on the right of a keyword's comparison: `INVITE`, `10.0.0.0/8`, `udp`. */
export interface WordExpression extends Node {
  readonly kind: 'word';
  readonly text: string;
}
export type UnaryOperator = '!' | '-' | '~' | '(int)' | '(str)' | 'defined' | 'strlen' | 'strempty';
export interface Unary extends Node {
  readonly kind: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: Expression;
}
export type BinaryOperator =
  | '||'
  | '&&'
  | '|'
  | '&'
  | '^'
  | '<<'
  | '>>'
  | '=='
  | '!='
  | 'eq'
  | 'ne'
  | 'ieq'
  | 'ine'
  | '=~'
  | '!~'
  | '<'
  | '>'
  | '<='
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | 'mod';
export interface Binary extends Node {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}
/** `{ actions }` as an operand: the code of the actions. */
export interface BlockExpression extends Node {
  readonly kind: 'block';
  readonly body: readonly Statement[];
}
/** `($x = 5)` as an operand: the code of the action, 1. */
export interface AssignExpression extends Node {
  readonly kind: 'assignExpression';
  readonly assign: Assign;
}
