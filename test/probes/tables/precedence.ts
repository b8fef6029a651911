/** How unbracketed expressions group: every two binary operators in a row, and each prefix before each operator. */
import { note, type Probe, type ProbeTable } from '../probe.js';
import { operators } from './operators.js';

const prefixes: Readonly<Record<string, string>> = {
  not: '!',
  minus: '-',
  bnot: '~',
  int: '(int)',
  str: '(str)',
  defined: 'defined ',
  notnot: '!!',
  notminus: '!-',
  minusint: '-(int)',
  notdefined: '!defined ',
};

/** Numbers whose results tell groupings apart, and the same as text for the operators that want text. */
const values = [
  ['7', '2', '3'],
  ['0', '5', '1'],
  ['12', '4', '0'],
] as const;
const set = (v: readonly string[]) => v.map((x, i) => `$var(${'abc'[i]}) = ${x};`).join(' ');

const pairs: Probe[] = Object.entries(operators).flatMap(([first, one]) =>
  Object.entries(operators).map(([second, two]) => ({
    name: `${first}_${second}`,
    code: values.map((v) => `${set(v)} $var(r) = $var(a) ${one} $var(b) ${two} $var(c); ${note('$var(r)')}`).join(' '),
  })),
);
const literalPairs: Probe[] = Object.entries(operators).flatMap(([first, one]) =>
  Object.entries(operators).map(([second, two]) => ({
    name: `l_${first}_${second}`,
    code: values.map(([a, b, c]) => `$var(r) = ${a} ${one} ${b} ${two} ${c}; ${note('$var(r)')}`).join(' '),
  })),
);
const prefixed: Probe[] = Object.entries(prefixes).flatMap(([name, prefix]) =>
  Object.entries(operators).map(([second, two]) => ({
    name: `p_${name}_${second}`,
    code: values.map((v) => `${set(v)} $var(r) = ${prefix}$var(a) ${two} $var(b); ${note('$var(r)')}`).join(' '),
  })),
);
const chains: Probe[] = [
  ['or_and', '$var(a) || $var(b) && $var(c)'],
  ['keyword_and', 'method == "OPTIONS" && $var(a)'],
  ['keyword_not', '!method == "OPTIONS"'],
  ['keyword_plus', 'src_port > 10 + 5'],
  ['keyword_or', 'proto == tcp || proto == udp'],
  ['not_call', '!is_method("OPTIONS") == 0'],
  ['call_plus', 'is_method("OPTIONS") + 1 == 2'],
  ['strlen_plus', 'strlen("abc") + 1 == 4'],
  ['cast_plus', '(int)"5" + 1'],
  ['cast_concat', '(str)5 + 1'],
  ['defined_eq', 'defined $var(a) == 1'],
  ['minus_minus', '$var(a) - - $var(b)'],
  ['not_eq_null', '!$avp(none) == $null'],
  ['mod_times', '$var(a) * $var(b) mod $var(c)'],
  ['cmp_chain', '$var(a) > $var(b) > $var(c)'],
  ['brackets', '($var(a) + $var(b)) * ($var(c) - ($var(a) - 1))'],
].map(([name, expression]) => ({
  name: `chain_${name}`,
  code: values
    .map((v) => `${set(v)} $var(r) = ${expression}; ${note('$var(r)')} if (${expression}) ${note('yes')}`)
    .join(' '),
}));

/** As a value only: as a condition or operand of an integer operator, Kamailio fails to compute it (docs/deviations.md). */
const choices: Probe[] = [
  'selval($var(a) > 5, 10, 20) + 1',
  'selval($var(a) > 5, "yes", "no") + 1',
  'selval($var(b), $var(a), $var(c))',
  'selval($var(c), "t", $var(a)) + 1',
  'selval($avp(none), 1, 2) + 1',
  'selval(is_method("OPTIONS"), $rm, "x")',
].map((expression, i) => ({
  name: `selval_${i}`,
  code: values.map((v) => `${set(v)} $var(r) = ${expression}; ${note('$var(r)')}`).join(' '),
}));

export const precedence: ProbeTable = {
  name: 'precedence',
  probes: [...pairs, ...literalPairs, ...prefixed, ...chains, ...choices],
};
