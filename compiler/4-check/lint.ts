/** What the lint rules read, gathered once: every call with its place, every regex, the paths of `flow.ts`. */
import type { BoundCall, BoundProgram, BoundPv, BoundRoute, BoundTransform, Format } from '../3-bind/index.js';
import type { CallExpression, Expression, ModParam, Statement } from '../ast.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { Versions } from '../host.js';
import type { SourceFile, Span } from '../span.js';
import { walkStatements } from '../visit.js';
import { routeKey } from './callgraph.js';
import { analyseFlow, type Flow } from './flow.js';

export type FunctionCall = Extract<BoundCall, { kind: 'function' }>;
export interface CallSite {
  readonly node: CallExpression;
  readonly bound: BoundCall | undefined;
  readonly route: BoundRoute;
}
export interface RegexSite {
  readonly source: string;
  readonly span: Span;
}
export interface Lint {
  readonly program: BoundProgram;
  readonly flow: Flow;
  readonly calls: readonly CallSite[];
  /** Every expression, with the block it stands in. */
  readonly expressions: readonly { readonly node: Expression; readonly route: BoundRoute }[];
  readonly statements: readonly { readonly node: Statement; readonly route: BoundRoute }[];
  /** Every list of statements that run one after the other. */
  readonly lists: readonly { readonly list: readonly Statement[]; readonly route: BoundRoute }[];
  readonly regexes: readonly RegexSite[];
  readonly found: Diagnostics;
  readonly versions?: () => Versions;
}
/** A rule: reads, and reports into `found`. */
export type Rule = (lint: Lint) => void;

export function prepareLint(program: BoundProgram, found: Diagnostics, versions?: () => Versions): Lint {
  const calls: CallSite[] = [];
  const expressions: { node: Expression; route: BoundRoute }[] = [];
  const statements: { node: Statement; route: BoundRoute }[] = [];
  const lists: { list: readonly Statement[]; route: BoundRoute }[] = [];
  const regexes: RegexSite[] = [];
  for (const route of program.routes)
    for (const block of route.blocks) {
      lists.push({ list: block.body, route });
      walkStatements(block.body, {
        statement(node) {
          statements.push({ node, route });
          if (node.kind === 'if') {
            lists.push({ list: node.then, route });
            if (node.else) lists.push({ list: node.else, route });
          } else if (node.kind === 'while') lists.push({ list: node.body, route });
          else if (node.kind === 'switch')
            for (const { label, body } of node.cases) {
              lists.push({ list: body, route });
              if (label.kind === 'regex') regexes.push(label);
            }
          return undefined;
        },
        expression(node) {
          expressions.push({ node, route });
          if (node.kind === 'block') lists.push({ list: node.body, route });
          if (node.kind === 'binary' && (node.operator === '=~' || node.operator === '!~') && node.right.kind === 'str')
            regexes.push({ source: node.right.value, span: node.right.span });
          if (node.kind === 'call') {
            const bound = program.calls.get(node);
            calls.push({ node, bound, route });
            if (bound?.kind === 'function')
              bound.args.forEach((arg, i) => {
                const span = node.args[i]?.span ?? node.span;
                if (arg.kind === 'regex') regexes.push({ source: arg.source, span });
                else if (arg.kind === 'subst') regexes.push({ source: arg.substitution.source, span });
              });
          }
          return undefined;
        },
      });
    }
  return {
    program,
    flow: analyseFlow(program),
    calls,
    expressions,
    statements,
    lists,
    regexes,
    found,
    ...(versions && { versions }),
  };
}

/** The function a call is, by the name its module gives it. */
export const functionOf = (site: CallSite): FunctionCall | null =>
  site.bound?.kind === 'function' ? site.bound : null;

/** `failure_route[X]`, `request_route`. */
export const titleOf = (route: BoundRoute): string =>
  route.table === 'routes'
    ? `route[${route.name}]`
    : route.name === ''
      ? route.keyword
      : `${route.keyword}[${route.name}]`;

export const headOf = (route: BoundRoute): Span | undefined => route.blocks[0]?.head;

/** Pseudo-variables in the text of an argument, and those inside them. */
export function* pvsIn(parts: Format): Generator<BoundPv> {
  for (const part of parts) if (typeof part !== 'string') yield* pvAndInner(part);
}
export function* pvAndInner(pv: BoundPv): Generator<BoundPv> {
  yield pv;
  if (pv.key) yield* pvsIn(pv.key);
  if (typeof pv.index === 'object' && pv.index) yield* pvAndInner(pv.index);
  for (const { args } of pv.transforms)
    for (const a of args) for (const inner of pvsOfTransformArg(a)) yield* pvAndInner(inner);
}
/** The variable an argument of a transformation is, or those in a replacement. */
export function pvsOfTransformArg(arg: BoundTransform['args'][number]): readonly BoundPv[] {
  if (typeof arg !== 'object') return [];
  if (!('replacement' in arg)) return [arg];
  return arg.replacement.filter((piece) => typeof piece === 'object');
}

/** Every pseudo-variable the program reads or writes, in code, arguments and parameters. */
export function* everyPv(lint: Lint): Generator<BoundPv> {
  for (const pv of lint.program.pvs.values()) yield* pvAndInner(pv);
  for (const site of lint.calls) {
    const call = functionOf(site);
    if (call) yield* pvsOfCall(call);
  }
  for (const { value } of lint.program.params)
    if (value.kind === 'pv') yield* pvAndInner(value.pv);
    else if (value.kind === 'format') yield* pvsIn(value.parts);
    else if (value.kind === 'extra') for (const { pv } of value.entries) yield* pvAndInner(pv);
}
export function* pvsOfCall(call: FunctionCall): Generator<BoundPv> {
  for (const arg of call.args)
    if (arg.kind === 'format' || arg.kind === 'int') yield* pvsIn(arg.parts);
    else if (arg.kind === 'pv') yield* pvAndInner(arg.pv);
    else if (arg.kind === 'subst')
      for (const part of arg.substitution.replacement) if (typeof part === 'object') yield* pvAndInner(part);
}

/** Calls that decide: members of a condition, under `!`, `&&` and `||`. */
export function* decidingParts(condition: Expression): Generator<Expression> {
  yield condition;
  if (condition.kind === 'unary' && condition.operator === '!') yield* decidingParts(condition.operand);
  if (condition.kind === 'binary' && (condition.operator === '&&' || condition.operator === '||')) {
    yield* decidingParts(condition.left);
    yield* decidingParts(condition.right);
  }
}

/** Does the run go on after these statements? A route that neither returns nor reaches its end does not come back. */
export function completes(list: readonly Statement[], lint: Lint): boolean {
  return list.every((s) => statementCompletes(s, lint));
}
function statementCompletes(s: Statement, lint: Lint): boolean {
  if (s.kind === 'exit' || s.kind === 'drop' || s.kind === 'return' || s.kind === 'break' || s.kind === 'continue')
    return false;
  if (s.kind === 'if') return s.else === null || completes(s.then, lint) || completes(s.else, lint);
  if (s.kind !== 'expression' || s.expression.kind !== 'call') return true;
  const bound = lint.program.calls.get(s.expression);
  if (bound?.kind !== 'route' || bound.target === null) return true;
  const target = lint.program.routes.find((r) => r.table === 'routes' && r.name === bound.target);
  if (!target || lint.flow.falling.has(routeKey(target))) return true;
  return lint.statements.some(({ node, route }) => route === target && node.kind === 'return');
}

/** Is there a preprocessor line between two places of a file? What stands there depends on what is defined. */
export function directiveBetween(a: Span, b: Span): boolean {
  return a.file !== b.file || /^[ \t]*(?:#!|!!)/m.test(a.file.text.slice(a.end, b.start));
}

/** The cfg and what it includes, as far as something of it is left. */
export function sourceFiles(program: BoundProgram): ReadonlySet<SourceFile> {
  const files = new Set<SourceFile>();
  for (const { span } of program.config.items) for (let s: Span | undefined = span; s; s = s.via) files.add(s.file);
  return files;
}

/** Does a line that is no comment say this, be it in a part that is not compiled? */
export function mentioned(program: BoundProgram, pattern: RegExp): boolean {
  for (const { text } of sourceFiles(program))
    for (const line of text.split('\n')) if (!/^\s*(?:#(?!!)|\/\/)/.test(line) && pattern.test(line)) return true;
  return false;
}

/** `modparam` lines as they are written, those of modules that sipc lacks too; the last one counts. */
export function writtenParam(program: BoundProgram, module: string, name: string): ModParam | undefined {
  return program.config.items.findLast(
    (item): item is ModParam =>
      item.kind === 'modparam' && item.name.text === name && item.modules.text.split('|').includes(module),
  );
}
