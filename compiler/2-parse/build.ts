/** Matches to tree: one action for each rule of the grammar. What the grammar cannot say (numbers too large, labels
 * that are no constants) is reported here. */
import type { Grammar, MatchResult, Node as OhmNode } from 'ohm-js';
import type { Token } from '../0-lex/token.js';
import type * as ast from '../ast.js';
import * as d2 from '../diagnostics/2xxx-syntax.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { Span } from '../span.js';
import { binaryOperator, type FlatItem, fold } from './fold.js';
import { buildItem } from './items.js';
import { spanOver } from './tokens.js';

/** What the actions work with. */
export interface BuildContext {
  readonly tokens: readonly Token[];
  readonly diagnostics: Diagnostics;
}

/** A match, ready to be made a tree as often as the same kinds of token come again with other texts and places. */
export type Built<T> = (context: BuildContext) => T;
export interface Builder {
  block(match: MatchResult): Built<ast.RouteBlock>;
  item(match: MatchResult): Built<ast.Item | null>;
}

export function makeBuilder(grammar: Grammar): Builder {
  const semantics = grammar.createSemantics();

  const span = (node: OhmNode, c: BuildContext): Span =>
    spanOver(c.tokens[node.source.startIdx]!, c.tokens[node.source.endIdx - 1]!);
  const tokenOf = (node: OhmNode, c: BuildContext): Token => c.tokens[node.source.startIdx]!;
  const statement = (node: OhmNode, c: BuildContext): ast.Statement => node.statement(c) as ast.Statement;
  const statements = (node: OhmNode, c: BuildContext): ast.Statement[] => node.children.map((n) => statement(n, c));
  const body = (node: OhmNode, c: BuildContext): ast.Statement[] => node.body(c) as ast.Statement[];
  const expression = (node: OhmNode, c: BuildContext): ast.Expression => node.expression(c) as ast.Expression;
  const list = (node: OhmNode, c: BuildContext): ast.Expression[] => node.list(c) as ast.Expression[];
  const context = (node: OhmNode): BuildContext => (node as unknown as { args: { c: BuildContext } }).args.c;

  semantics.addOperation<ast.RouteBlock>('block(c)', {
    block(head, _open, inner, _close) {
      const c = context(this);
      return { kind: 'route', ...(head.head(c) as HeadParts), body: statements(inner, c), span: span(this, c) };
    },
  });
  semantics.addOperation<HeadParts>('head(c)', {
    head(keyword, name) {
      const c = context(this);
      const first = tokenOf(keyword, c);
      const named = name.numChildren > 0 ? c.tokens[name.child(0).source.startIdx + 1]! : null;
      checkBlockName(first, named, c);
      return {
        keyword: first.text as ast.BlockKeyword,
        head: span(this, c),
        name: named ? { text: String(named.value ?? named.text), span: named } : null,
      };
    },
  });

  semantics.addOperation<ast.Statement>('statement(c)', {
    statement(inner) {
      return statement(inner, context(this));
    },
    if(_if, condition, then, otherwise) {
      const c = context(this);
      return {
        kind: 'if',
        condition: expression(condition, c),
        // biome-ignore lint/suspicious/noThenProperty: the name of the node's field; nobody awaits a node
        then: body(then, c),
        else: otherwise.numChildren > 0 ? body(otherwise.child(0), c) : null,
        span: span(this, c),
      };
    },
    while(_while, condition, inner) {
      const c = context(this);
      return { kind: 'while', condition: expression(condition, c), body: body(inner, c), span: span(this, c) };
    },
    switch(_switch, subject, _open, cases, _close) {
      const c = context(this);
      const labels = cases.children.map((n) => n.label(c) as ast.SwitchCase | null).filter((n) => n !== null);
      checkCases(labels, c);
      return { kind: 'switch', subject: expression(subject, c), cases: labels, span: span(this, c) };
    },
    flow(word, value, _end) {
      const c = context(this);
      const kind = tokenOf(word, c).text as ast.Flow['kind'];
      const given = value.numChildren > 0 ? value.child(0) : null;
      return { kind, value: given && given.ctorName !== 'noValue' ? expression(given, c) : null, span: span(this, c) };
    },
    break(_word, _end) {
      return { kind: 'break', span: span(this, context(this)) };
    },
    assignStatement(inner, _end) {
      const c = context(this);
      return { ...(inner.assign(c) as ast.Assign), span: span(this, c) };
    },
    callStatement(call, _end) {
      const c = context(this);
      return { kind: 'expression', expression: expression(call, c), span: span(this, c) };
    },
    empty(_end) {
      return { kind: 'empty', span: span(this, context(this)) };
    },
    badStatement(_) {
      return { kind: 'bad', span: span(this, context(this)) };
    },
  });
  semantics.addOperation<ast.Statement[]>('body(c)', {
    else(_else, inner) {
      return body(inner, context(this));
    },
    body_block(_open, inner, _close) {
      return statements(inner, context(this));
    },
    body_single(inner) {
      return [statement(inner, context(this))];
    },
  });
  semantics.addOperation<ast.SwitchCase | null>('label(c)', {
    case_regex(_case, _slash, label, _colon, inner) {
      const c = context(this);
      const value = expression(label, c);
      if (value.kind !== 'str') c.diagnostics.report(d2.badCase, value.span, {});
      const source = value.kind === 'str' ? value.value : '';
      return { label: { kind: 'regex', source, span: value.span }, body: statements(inner, c), span: span(this, c) };
    },
    case_value(_case, label, _colon, inner) {
      const c = context(this);
      const value = expression(label, c);
      if (!isConstant(value)) c.diagnostics.report(d2.badCase, value.span, {});
      return { label: { kind: 'value', value }, body: statements(inner, c), span: span(this, c) };
    },
    case_default(_default, _colon, inner) {
      const c = context(this);
      return { label: { kind: 'default' }, body: statements(inner, c), span: span(this, c) };
    },
    case_bad(_) {
      return null;
    },
  });
  semantics.addOperation<ast.Assign>('assign(c)', {
    assignment(target, _equals, value) {
      const c = context(this);
      const token = tokenOf(target, c);
      return {
        kind: 'assign',
        target: token.kind === '%' ? { kind: 'attribute', text: token.text, span: token } : pvOf(token),
        value: expression(value, c),
        span: span(this, c),
      };
    },
  });

  const flat = (node: OhmNode, c: BuildContext): FlatItem[] => node.flat(c) as FlatItem[];
  semantics.addOperation<FlatItem[]>('flat(c)', {
    operand(prefixes, primary) {
      const c = context(this);
      const unary = prefixes.children.map((n) => {
        const token = tokenOf(n, c);
        const operator = (token.text === 'not' ? '!' : token.text) as ast.UnaryOperator;
        return { operator, span: token };
      });
      const inner = primary.ctorName === 'primary' ? primary.child(0) : primary;
      if (inner.ctorName !== 'comparison') return [{ prefixes: unary, primary: expression(inner, c), keyword: false }];
      const [keyword, operator, right] = inner.children as [OhmNode, OhmNode, OhmNode];
      const word = tokenOf(keyword, c);
      const sign = tokenOf(operator, c);
      checkKeyword(word, sign, c);
      return [
        { prefixes: unary, primary: { kind: 'keyword', name: word.text, span: word }, keyword: true },
        { operator: binaryOperator(sign.text) },
        ...flat(right.child(0), c),
      ];
    },
    network(_address, _slash, _mask) {
      const c = context(this);
      checkNetwork(this, c);
      return [{ prefixes: [], primary: { kind: 'word', text: textOf(this, c), span: span(this, c) }, keyword: false }];
    },
    word(inner) {
      const c = context(this);
      const token = tokenOf(inner, c);
      const keyword = token.kind === 'm' || token.kind === 'Y';
      const primary: ast.Expression = keyword
        ? { kind: 'keyword', name: token.text, span: token }
        : { kind: 'word', text: token.text, span: token };
      return [{ prefixes: [], primary, keyword: false }];
    },
    host(_first, _marks, _names) {
      const c = context(this);
      return [{ prefixes: [], primary: { kind: 'word', text: textOf(this, c), span: span(this, c) }, keyword: false }];
    },
  });

  semantics.addOperation<ast.Expression>('expression(c)', {
    expression(first, operators, rest) {
      const c = context(this);
      const items = flat(first, c);
      operators.children.forEach((operator, i) => {
        items.push({ operator: binaryOperator(tokenOf(operator, c).text) }, ...flat(rest.child(i), c));
      });
      if (items.length === 1 && 'primary' in items[0]! && items[0].prefixes.length === 0) return items[0].primary;
      return fold(items, spanOver);
    },
    literal(_) {
      return literalOf(tokenOf(this, context(this)));
    },
    block_(_open, inner, _close) {
      const c = context(this);
      return { kind: 'block', body: statements(inner, c), span: span(this, c) };
    },
    nested_assign(_open, inner, _close) {
      const c = context(this);
      return { kind: 'assignExpression', assign: inner.assign(c) as ast.Assign, span: span(this, c) };
    },
    nested_plain(_open, inner, _close) {
      return expression(inner, context(this));
    },
    badExpression(_) {
      return { kind: 'null', span: span(this, context(this)) };
    },
    call(inner) {
      return expression(inner, context(this));
    },
    call_module(name, _open, args, _close) {
      const c = context(this);
      const token = tokenOf(name, c);
      const given = list(args, c);
      for (const argument of given)
        if (argument.kind === 'call') c.diagnostics.report(d2.nestedCall, argument.span, { name: argument.name.text });
      if (given.length > 6)
        c.diagnostics.report(d2.tooManyArguments, given[6]!.span, { name: token.text, count: given.length });
      return call(token, given, span(this, c));
    },
    call_route(name, _open, argument, _close) {
      const c = context(this);
      return call(tokenOf(name, c), [expression(argument, c)], span(this, c));
    },
    routeArgument_word(name, _ahead) {
      return wordOf(tokenOf(name, context(this)));
    },
    routeArgument_expression(inner) {
      return expression(inner, context(this));
    },
    call_core(name, _open, args, _close) {
      const c = context(this);
      return call(tokenOf(name, c), list(args, c), span(this, c));
    },
    call_coreParens(name, _open, args, _close) {
      const c = context(this);
      return call(tokenOf(name, c), list(args, c), span(this, c));
    },
    call_bare(name) {
      const c = context(this);
      return { ...call(tokenOf(name, c), [], span(this, c)), bare: true };
    },
    call_string(name, _open, argument, _close) {
      const c = context(this);
      const operator = tokenOf(name, c).text as 'strlen' | 'strempty';
      return { kind: 'unary', operator, operand: expression(argument, c), span: span(this, c) };
    },
    call_select(name, _open, condition, _comma, yes, _comma2, no, _close) {
      const c = context(this);
      return call(
        tokenOf(name, c),
        [condition, yes, no].map((n) => expression(n, c)),
        span(this, c),
      );
    },
    coreArgument_word(inner, _ahead) {
      const c = context(this);
      const token = tokenOf(inner, c);
      if (token.kind === 'h') return { kind: 'keyword', name: token.text, span: token };
      if (inner.source.endIdx - inner.source.startIdx === 1 && (token.kind === '0' || token.kind === '"'))
        return literalOf(token);
      return { kind: 'word', text: textOf(inner, c), span: span(inner, c) };
    },
    coreArgument_expression(inner) {
      return expression(inner, context(this));
    },
  });
  const commaList = function (this: OhmNode, first: OhmNode, _commas: OhmNode, rest: OhmNode): ast.Expression[] {
    const c = context(this);
    return [...first.children, ...(rest.children[0]?.children ?? [])].map((n) => expression(n, c));
  };
  semantics.addOperation<ast.Expression[]>('list(c)', { arguments: commaList, coreArguments: commaList });

  const items = buildItem(semantics);
  return {
    block: (match) => {
      const tree = semantics(match);
      return (c) => tree.block(c) as ast.RouteBlock;
    },
    item: items,
  };
}

type HeadParts = Pick<ast.RouteBlock, 'keyword' | 'name' | 'head'>;

function textOf(node: OhmNode, c: BuildContext): string {
  return c.tokens
    .slice(node.source.startIdx, node.source.endIdx)
    .map((t) => (t.kind === '"' ? String(t.value) : t.text))
    .join('');
}

function wordOf(token: Token): ast.WordExpression {
  return { kind: 'word', text: token.text, span: token };
}

function call(name: Token, args: readonly ast.Expression[], span: Span): ast.CallExpression {
  return { kind: 'call', name: { text: name.text, span: name }, args, bare: false, span };
}

function pvOf(token: Token): ast.PvExpression {
  return { kind: 'pv', text: token.text, span: token, ...(token.orAttribute ? { orAttribute: true } : {}) };
}

function literalOf(token: Token): ast.Expression {
  switch (token.kind) {
    case '0':
      return { kind: 'int', value: Number(token.value), span: token };
    case '"':
      return { kind: 'str', value: String(token.value), span: token };
    case '@':
      return { kind: 'select', text: token.text, span: token };
    case '%':
      return { kind: 'attribute', text: token.text, span: token };
    default:
      return token.text === '$null' ? { kind: 'null', span: token } : pvOf(token);
  }
}

function checkBlockName(keyword: Token, name: Token | null, c: BuildContext): void {
  const event = keyword.text === 'event_route';
  const alone = keyword.text === 'request_route' || keyword.text === 'reply_route';
  const problem = event && !name ? 'missing' : event && name?.kind !== 'e' ? 'form' : alone && name ? 'none' : null;
  if (problem) c.diagnostics.report(d2.blockName, name ?? keyword, { keyword: keyword.text, problem });
}

function isConstant(value: ast.Expression): boolean {
  switch (value.kind) {
    case 'int':
    case 'str':
    case 'null':
      return true;
    case 'unary':
      return isConstant(value.operand);
    case 'binary':
      return isConstant(value.left) && isConstant(value.right);
    default:
      return false;
  }
}

function checkCases(cases: readonly ast.SwitchCase[], c: BuildContext): void {
  const defaults = cases.filter(({ label }) => label.kind === 'default').map(({ span }) => firstWord(span, 'default'));
  for (const extra of defaults.slice(1))
    c.diagnostics.report(d2.secondDefault, extra, {}, [{ span: defaults[0]!, message: 'the first one' }]);
}

function firstWord(span: Span, word: string): Span {
  return { ...span, end: span.start + word.length };
}

function checkKeyword(word: Token, sign: Token, c: BuildContext): void {
  const ordered = /^(?:src_port|dst_port|snd_port|to_port|af|snd_af|to_af|msg:len)$/.test(word.text);
  const matches = /^(?:method|uri|status|from_uri|to_uri|src_ip|dst_ip|snd_ip|to_ip)$/.test(word.text);
  const fits = sign.kind === 'r' ? ordered : sign.text === '=~' ? matches : sign.text !== 'ieq' && sign.text !== 'ine';
  if (fits) return;
  const allowed = ordered ? '==, !=, <, >, <=, >=' : matches ? '==, != and =~' : '== and !=';
  c.diagnostics.report(d2.wrongKeywordOperator, sign, { word: word.text, operator: sign.text, allowed });
}

/** IPv4 parts up to 255, mask within the address. */
function checkNetwork(node: OhmNode, c: BuildContext): void {
  const tokens = c.tokens.slice(node.source.startIdx, node.source.endIdx);
  const slash = tokens.findIndex((t) => t.kind === '/');
  const address = slash < 0 ? tokens : tokens.slice(0, slash);
  checkAddress(address, c);
  const mask = slash < 0 ? [] : tokens.slice(slash + 1);
  if (mask.length > 1) checkAddress(mask, c);
  const bits = address.some((t) => t.kind === '6') ? 128 : 32;
  if (mask.length === 1 && mask[0]!.kind === '0' && Number(mask[0]!.value) > bits)
    c.diagnostics.report(d2.badAddress, spanOver(tokens[0]!, tokens.at(-1)!), {
      text: textOf(node, c),
      reason: `the mask has at most ${bits} bits`,
    });
}

export function checkAddress(tokens: readonly Token[], c: BuildContext): void {
  const parts = tokens.filter((t) => t.kind === '0');
  if (parts.length !== 4 || tokens.length !== 7 || tokens.some((t, i) => (i % 2 === 1) !== (t.kind === '.'))) return;
  if (parts.some((t) => Number(t.value) > 255))
    c.diagnostics.report(d2.badAddress, spanOver(tokens[0]!, tokens.at(-1)!), {
      text: tokens.map((t) => t.text).join(''),
      reason: 'its parts go to 255',
    });
}
