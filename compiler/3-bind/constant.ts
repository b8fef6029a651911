/** Expressions of literals alone, computed here as Kamailio's optimiser does at load (rvalue.c, rve_optimize). */
import { toInt, toStr } from '../../runtime/values/coerce.js';
import type { Binary, Expression, Unary } from '../ast.js';

export type Constant = number | string;

/** The value, or undefined: it is known only at run time, or cannot be computed at all (`5 / 0`). */
export function constantOf(e: Expression): Constant | undefined {
  switch (e.kind) {
    case 'int':
      return e.value | 0;
    case 'str':
      return e.value;
    case 'unary':
      return unary(e);
    case 'binary':
      return binary(e);
    default:
      return undefined;
  }
}

function unary({ operator, operand }: Unary): Constant | undefined {
  const value = constantOf(operand);
  if (value === undefined) return undefined;
  switch (operator) {
    case '!':
      return toInt(value) === 0 ? 1 : 0;
    case '-':
      return -toInt(value) | 0;
    case '~':
      return ~toInt(value);
    case '(int)':
      return toInt(value);
    case '(str)':
      return toStr(value);
    case 'defined':
      return 1;
    case 'strlen':
      return toStr(value).length;
    case 'strempty':
      return toStr(value) === '' ? 1 : 0;
  }
}

function binary(e: Binary): Constant | undefined {
  const left = constantOf(e.left);
  const right = constantOf(e.right);
  if (left === undefined || right === undefined) return undefined;
  const [a, b] = [toInt(left), toInt(right)];
  const truth = (holds: boolean) => (holds ? 1 : 0);
  switch (e.operator) {
    case '||':
      return truth(a !== 0 || b !== 0);
    case '&&':
      return truth(a !== 0 && b !== 0);
    case '|':
      return a | b;
    case '&':
      return a & b;
    case '^':
      return a ^ b;
    case '<<':
      return a << b;
    case '>>':
      return a >> b;
    case '==':
      return truth(typeof left === 'number' ? a === b : left === toStr(right));
    case '!=':
      return truth(typeof left === 'number' ? a !== b : left !== toStr(right));
    case 'eq':
      return truth(toStr(left) === toStr(right));
    case 'ne':
      return truth(toStr(left) !== toStr(right));
    case 'ieq':
      return truth(a === b);
    case 'ine':
      return truth(a !== b);
    case '<':
      return truth(a < b);
    case '>':
      return truth(a > b);
    case '<=':
      return truth(a <= b);
    case '>=':
      return truth(a >= b);
    case '+':
      return typeof left === 'string' ? left + toStr(right) : (a + b) | 0;
    case '-':
      return (a - b) | 0;
    case '*':
      return Math.imul(a, b);
    case '/':
      return b === 0 ? undefined : (a / b) | 0;
    case 'mod':
      return b === 0 ? undefined : (a % b) | 0;
    case '=~':
    case '!~':
      return undefined;
  }
}
