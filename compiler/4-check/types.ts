/** Static types, as far as Kamailio knows them (rvalue.c): constants, selects and operators; a pseudo-variable can be anything. */
import { constantOf } from '../3-bind/constant.js';
import type { Binary, Expression, Unary } from '../ast.js';
import { typeMismatch } from '../diagnostics/4xxx-types.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { Span } from '../span.js';
import { checkKeywordValue } from './keywords.js';

export type StaticType = 'int' | 'str' | 'any';

const titles = { int: 'an integer', str: 'text', any: 'anything' } as const;

/** The type of an expression; what cannot be mixed is reported. */
export function checkTypes(e: Expression, diagnostics: Diagnostics): StaticType {
  switch (e.kind) {
    case 'call':
      return e.name.text === 'selval' ? 'any' : 'int';
    case 'int':
    case 'block':
    case 'assignExpression':
      return 'int';
    case 'str':
    case 'select':
    case 'word':
      return 'str';
    case 'unary':
      return checkUnary(e, diagnostics);
    case 'binary':
      return checkBinary(e, diagnostics);
    case 'null':
    case 'pv':
    case 'attribute':
    case 'keyword':
      return 'any';
  }
}

function checkUnary(e: Unary, diagnostics: Diagnostics): StaticType {
  const type = checkTypes(e.operand, diagnostics);
  switch (e.operator) {
    case '(int)':
      return 'int';
    case '(str)':
      return 'str';
    case 'strlen':
    case 'strempty':
    case 'defined':
      if (type === 'int' && e.operand.kind !== 'call') mismatch(e.operator, 'str', type, e.operand.span, diagnostics);
      return 'int';
    case '!':
    case '-':
    case '~':
      if (type === 'str') mismatch(e.operator, 'int', type, e.operand.span, diagnostics);
      return 'int';
  }
}

function checkBinary(e: Binary, diagnostics: Diagnostics): StaticType {
  // Comparisons with a keyword (`method==INVITE`) are tests of their own: their right side is no operand.
  if (e.left.kind === 'keyword' || e.right.kind === 'keyword') {
    checkKeywordValue(e, (value) => checkTypes(value, diagnostics), diagnostics);
    return 'int';
  }
  const left = checkTypes(e.left, diagnostics);
  const right = checkTypes(e.right, diagnostics);
  const wants = (side: Expression, type: StaticType, has: StaticType) =>
    mismatch(e.operator, type, has, side.span, diagnostics);
  // With $null they ask whether the left side is defined.
  if (e.right.kind === 'null' && /^(?:==|!=|i?eq|i?ne|=~)$/.test(e.operator)) {
    if (left === 'int' && e.left.kind !== 'call') wants(e.left, 'str', left);
    return 'int';
  }
  switch (e.operator) {
    case '==':
    case '!=':
    case '+':
      if (left === 'int' && right === 'str') wants(e.right, left, right);
      return e.operator === '+' ? left : 'int';
    case 'eq':
    case 'ne':
    case '=~':
    case '!~':
      if (left === 'int') wants(e.left, 'str', left);
      else if ((e.operator === '=~' || e.operator === '!~') && typeof constantOf(e.right) === 'number')
        wants(e.right, 'str', right);
      return 'int';
    default:
      if (left === 'str') wants(e.left, 'int', left);
      else if (right === 'str') wants(e.right, 'int', right);
      return 'int';
  }
}

function mismatch(operator: string, wants: StaticType, has: StaticType, span: Span, diagnostics: Diagnostics): void {
  diagnostics.report(typeMismatch, span, { operator, wants: titles[wants], has: titles[has] });
}
