/** Every unary operator, and every two of them, over each operand; casts and functions of text among them. */
import type { Probe, ProbeTable } from '../probe.js';
import { observe, operands } from './operators.js';

const unary: Readonly<Record<string, (operand: string) => string>> = {
  not: (x) => `!${x}`,
  minus: (x) => `-${x}`,
  bnot: (x) => `~${x}`,
  int: (x) => `(int)${x}`,
  str: (x) => `(str)${x}`,
  defined: (x) => `defined ${x}`,
  strlen: (x) => `strlen(${x})`,
  strempty: (x) => `strempty(${x})`,
  word_not: (x) => `not ${x}`,
};
const none = (x: string) => x;

const probes: Probe[] = Object.entries({ none, ...unary }).flatMap(([outerName, outer]) =>
  Object.entries({ none, ...unary }).flatMap(([innerName, inner]) =>
    Object.entries(operands).flatMap(([name, { literal, set }]) =>
      ['v', 'l'].map((form) => ({
        name: `${outerName}_${innerName}_${name}_${form}`,
        code:
          (form === 'v' && set !== null ? `$avp(a) = ${set}; ` : '') +
          observe(outer(inner(form === 'v' ? '$avp(a)' : (literal ?? '$null')))),
      })),
    ),
  ),
);

export const unaryTable: ProbeTable = { name: 'unary', probes };
