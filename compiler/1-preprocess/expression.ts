/** The expressions of `#!ifexp` and `#!defexp`: numbers and strings, C operators, defined names. */

export type ExpressionValue = number | string;
export type Lookup = (name: string) => ExpressionValue | undefined;

const tokenPattern =
  /\s*(?:([0-9]+(?:\.[0-9]+)?)|"([^"]*)"|'([^']*)'|([A-Za-z_][A-Za-z0-9_]*)|(\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%!~<>&|^()]))/y;
const binary: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '<=': 7,
  '>': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
  '**': 11,
};

type Piece = { readonly value: ExpressionValue } | { readonly operator: string };

export function evaluate(text: string, lookup: Lookup): { value: ExpressionValue } | { error: string } {
  const pieces = scan(text, lookup);
  if ('error' in pieces) return pieces;
  const parser = new Parser(pieces.pieces);
  const value = parser.expression(0);
  if (parser.error) return { error: parser.error };
  return parser.done ? { value } : { error: 'something follows the end' };
}

export function isTrue(value: ExpressionValue): boolean {
  return value !== 0 && value !== '';
}

function scan(text: string, lookup: Lookup): { pieces: Piece[] } | { error: string } {
  const pieces: Piece[] = [];
  const end = text.trimEnd().length;
  const token = new RegExp(tokenPattern, 'y'); // its own: a name's definition is evaluated in the midst of this
  while (token.lastIndex < end) {
    const from = token.lastIndex;
    const found = token.exec(text);
    if (!found) return { error: `${text.slice(from).trim()[0]} is not known here` };
    const [, number, double, single, name, operator] = found;
    if (number !== undefined) pieces.push({ value: Number(number) });
    else if (operator !== undefined) pieces.push({ operator });
    else if (name !== undefined) pieces.push({ value: lookup(name) ?? 0 });
    else pieces.push({ value: double ?? single ?? '' });
  }
  return { pieces };
}

class Parser {
  error: string | undefined;
  private next = 0;
  constructor(private readonly pieces: readonly Piece[]) {}

  get done(): boolean {
    return this.next === this.pieces.length;
  }

  expression(level: number): ExpressionValue {
    let left = this.operand();
    for (;;) {
      const piece = this.pieces[this.next];
      const strength = piece && 'operator' in piece ? (binary[piece.operator] ?? 0) : 0;
      if (!piece || !('operator' in piece) || strength <= level || this.error) return left;
      this.next++;
      left = apply(piece.operator, left, this.expression(strength));
    }
  }

  private operand(): ExpressionValue {
    const piece = this.pieces[this.next++];
    if (!piece) return this.fail('it ends where a value should stand');
    if ('value' in piece) return piece.value;
    if (piece.operator === '(') {
      const inner = this.expression(0);
      const close = this.pieces[this.next++];
      return close && 'operator' in close && close.operator === ')' ? inner : this.fail('a ) is missing');
    }
    if (piece.operator === '!') return isTrue(this.operand()) ? 0 : 1;
    if (piece.operator === '-') return -Number(this.operand());
    if (piece.operator === '~') return ~Number(this.operand());
    return this.fail(`${piece.operator} stands where a value should`);
  }

  private fail(reason: string): number {
    this.error ??= reason;
    return 0;
  }
}

function apply(operator: string, a: ExpressionValue, b: ExpressionValue): ExpressionValue {
  const text = typeof a === 'string' || typeof b === 'string';
  const [x, y] = text ? [String(a), String(b)] : [a, b];
  const [m, n] = [Number(a), Number(b)];
  switch (operator) {
    case '||':
      return isTrue(a) || isTrue(b) ? 1 : 0;
    case '&&':
      return isTrue(a) && isTrue(b) ? 1 : 0;
    case '==':
      return x === y ? 1 : 0;
    case '!=':
      return x !== y ? 1 : 0;
    case '<':
      return x < y ? 1 : 0;
    case '<=':
      return x <= y ? 1 : 0;
    case '>':
      return x > y ? 1 : 0;
    case '>=':
      return x >= y ? 1 : 0;
    case '+':
      return text ? `${a}${b}` : m + n;
    case '-':
      return m - n;
    case '*':
      return m * n;
    case '/':
      return n === 0 ? 0 : m / n;
    case '%':
      return n === 0 ? 0 : m % n;
    case '**':
      return m ** n;
    case '<<':
      return m << n;
    case '>>':
      return m >> n;
    case '&':
      return m & n;
    case '|':
      return m | n;
    default:
      return m ^ n;
  }
}
