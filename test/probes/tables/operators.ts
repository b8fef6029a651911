/** Every binary operator over every pair of operands, each as a literal and as a value known only at run time. */
import { note, type Probe, type ProbeTable } from '../probe.js';

export const operators: Readonly<Record<string, string>> = {
  or: '||',
  and: '&&',
  bor: '|',
  band: '&',
  bxor: '^',
  shl: '<<',
  shr: '>>',
  eq: '==',
  ne: '!=',
  seq: 'eq',
  sne: 'ne',
  ieq: 'ieq',
  ine: 'ine',
  match: '=~',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  plus: '+',
  minus: '-',
  times: '*',
  div: '/',
  mod: 'mod',
  word_or: 'or',
  word_and: 'and',
};

/** Operands: how it is written as a literal (null: it cannot be), and how an AVP gets it. */
export const operands: Readonly<Record<string, { readonly literal: string | null; readonly set: string | null }>> = {
  undef: { literal: '$null', set: null },
  zero: { literal: '0', set: '0' },
  pos: { literal: '5', set: '5' },
  neg: { literal: '-3', set: '-3' },
  empty: { literal: '""', set: '""' },
  numeric: { literal: '"12"', set: '"12"' },
  hex: { literal: '"0x1f"', set: '"0x1f"' },
  text: { literal: '"abc"', set: '"abc"' },
};

const setTo = (avp: string, set: string | null) => (set === null ? '' : `$avp(${avp}) = ${set}; `);

/** Its value, then what `+ 1` makes of it (which tells text from numbers), then its truth and the opposite's. */
export function observe(expression: string): string {
  return (
    `$var(r) = "unset"; $var(r) = ${expression}; $var(t) = $var(r) + 1; ${note('$var(r) $var(t)')} ` +
    `if (${expression}) ${note('true')} else ${note('false')} if (!(${expression})) ${note('not')}`
  );
}

function probesOf(name: string, operator: string): Probe[] {
  const probes: Probe[] = [];
  for (const [a, left] of Object.entries(operands))
    for (const [b, right] of Object.entries(operands))
      for (const form of ['vv', 'vl', 'lv', 'll']) {
        const l = form[0] === 'v' ? '$avp(a)' : left.literal;
        const r = form[1] === 'v' ? '$avp(b)' : right.literal;
        const sets = `${form[0] === 'v' ? setTo('a', left.set) : ''}${form[1] === 'v' ? setTo('b', right.set) : ''}`;
        probes.push({ name: `${name}_${a}_${b}_${form}`, code: `${sets}${observe(`${l} ${operator} ${r}`)}` });
      }
  return probes;
}

export const operatorTables: readonly ProbeTable[] = [
  { name: 'operators', probes: Object.entries(operators).flatMap(([name, operator]) => probesOf(name, operator)) },
];
