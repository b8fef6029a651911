/** Walking the tree. `assertNever` makes a new node kind a type error wherever it is not handled. */
import type { Config, Expression, Item, Statement } from './ast.js';

export function assertNever(value: never): never {
  throw new Error(`unhandled node: ${JSON.stringify(value)}`);
}

/** Called before the children; `false` skips them. */
export interface Visitor {
  item?(item: Item): boolean | undefined;
  statement?(statement: Statement): boolean | undefined;
  expression?(expression: Expression): boolean | undefined;
  /** After the children. */
  leaveStatement?(statement: Statement): void;
  leaveExpression?(expression: Expression): void;
}

export function walkConfig(config: Config, visitor: Visitor): void {
  for (const item of config.items) walkItem(item, visitor);
}

export function walkItem(item: Item, visitor: Visitor): void {
  if (visitor.item?.(item) === false) return;
  if (item.kind === 'route') walkStatements(item.body, visitor);
}

export function walkStatements(statements: readonly Statement[], visitor: Visitor): void {
  for (const statement of statements) walkStatement(statement, visitor);
}

export function walkStatement(statement: Statement, visitor: Visitor): void {
  if (visitor.statement?.(statement) === false) return;
  switch (statement.kind) {
    case 'if':
      walkExpression(statement.condition, visitor);
      walkStatements(statement.then, visitor);
      if (statement.else) walkStatements(statement.else, visitor);
      break;
    case 'while':
      walkExpression(statement.condition, visitor);
      walkStatements(statement.body, visitor);
      break;
    case 'switch':
      walkExpression(statement.subject, visitor);
      for (const { label, body } of statement.cases) {
        if (label.kind === 'value') walkExpression(label.value, visitor);
        walkStatements(body, visitor);
      }
      break;
    case 'assign':
      walkExpression(statement.target, visitor);
      walkExpression(statement.value, visitor);
      break;
    case 'expression':
      walkExpression(statement.expression, visitor);
      break;
    case 'exit':
    case 'drop':
    case 'return':
      if (statement.value) walkExpression(statement.value, visitor);
      break;
    case 'break':
    case 'continue':
    case 'empty':
    case 'bad':
      break;
    default:
      assertNever(statement);
  }
  visitor.leaveStatement?.(statement);
}

export function walkExpression(expression: Expression, visitor: Visitor): void {
  if (visitor.expression?.(expression) === false) return;
  switch (expression.kind) {
    case 'call':
      for (const argument of expression.args) walkExpression(argument, visitor);
      break;
    case 'unary':
      walkExpression(expression.operand, visitor);
      break;
    case 'binary':
      walkExpression(expression.left, visitor);
      walkExpression(expression.right, visitor);
      break;
    case 'block':
      walkStatements(expression.body, visitor);
      break;
    case 'assignExpression':
      walkExpression(expression.assign.target, visitor);
      walkExpression(expression.assign.value, visitor);
      break;
    case 'int':
    case 'str':
    case 'null':
    case 'pv':
    case 'select':
    case 'attribute':
    case 'keyword':
    case 'word':
      break;
    default:
      assertNever(expression);
  }
  visitor.leaveExpression?.(expression);
}
