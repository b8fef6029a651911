/** Folds the flat operand-operator lists of the grammar with Kamailio's precedence (cfg.y, loosest first). */
import type { BinaryOperator, Expression, KeywordExpression, UnaryOperator } from '../ast.js';
import type { Span } from '../span.js';

const levels: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['&'],
  ['^'],
  ['<<'],
  ['>>'],
  ['==', '!=', '=~', 'eq', 'ne', 'ieq', 'ine'],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/', 'mod'],
];
const strengthOf = new Map<string, number>(levels.flatMap((ops, i) => ops.map((op) => [op, i + 1] as const)));

/** Word forms to the operator they spell. */
export function binaryOperator(text: string): BinaryOperator {
  if (text === 'and') return '&&';
  if (text === 'or') return '||';
  return text as BinaryOperator;
}

export interface Operand {
  readonly prefixes: readonly { readonly operator: UnaryOperator; readonly span: Span }[];
  readonly primary: Expression;
  /** A condition keyword, which takes the comparison that follows before any prefix applies. */
  readonly keyword: boolean;
}
export type FlatItem = Operand | { readonly operator: BinaryOperator };

export type Join = (first: Span, last: Span) => Span;

export function fold(items: readonly FlatItem[], join: Join): Expression {
  let next = 0;
  const operand = (): Expression => {
    const item = items[next++] as Operand;
    let inner: Expression = item.primary;
    if (item.keyword) {
      // `!method == "ACK"` negates the comparison: the keyword is no operand without it.
      const { operator } = items[next++] as { operator: BinaryOperator };
      inner = binary(operator, item.primary as KeywordExpression, climb(strengthOf.get(operator)!));
    }
    for (const { operator, span } of [...item.prefixes].reverse())
      if (operator === '-' && inner.kind === 'int')
        inner = { ...inner, value: -inner.value, span: join(span, inner.span) };
      else inner = { kind: 'unary', operator, operand: inner, span: join(span, inner.span) };
    return inner;
  };
  const binary = (operator: BinaryOperator, left: Expression, right: Expression): Expression => ({
    kind: 'binary',
    operator,
    left,
    right,
    span: join(left.span, right.span),
  });
  const climb = (above: number): Expression => {
    let left = operand();
    while (next < items.length) {
      const item = items[next] as { operator: BinaryOperator };
      const strength = strengthOf.get(item.operator)!;
      if (strength <= above) break;
      next++;
      left = binary(item.operator, left, climb(strength));
    }
    return left;
  };
  return climb(0);
}
