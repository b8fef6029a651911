/**
 * `npm run bench:script`: what statements cost, in sipc and in Kamailio. Nanoseconds a turn, the loop's own included: there it is
 * what is measured.
 */
import { statementCosts } from './statements.js';

/** sipc's clock counts milliseconds. */
const TURNS = { integer: 2_000_000, text: 100_000 };

interface Job {
  readonly kind: 'integer' | 'text';
  readonly name: string;
  /** Before the loop, and in each turn. */
  readonly before?: string;
  readonly turn: string;
}
const jobs: readonly Job[] = [
  { kind: 'integer', name: 'an empty loop', turn: '' },
  { kind: 'integer', name: 'a sum', before: '$var(n) = 0;', turn: '$var(n) = ($var(n) + $var(i) * 3) & 65535;' },
  {
    kind: 'integer',
    name: 'a switch of integers',
    turn: 'switch ($var(i) & 3) { case 0: $var(n) = 1; break; case 1: $var(n) = 2; break; default: $var(n) = 3; }',
  },
  { kind: 'integer', name: 'calling a route', turn: 'route(NOTHING);' },
  { kind: 'text', name: 'building a text', turn: '$var(t) = "sip:" + $var(i) + "@" + $fd + ";x=" + $rU;' },
  { kind: 'text', name: 'comparing texts', turn: 'if ($rU == "nobody" || $fU != $tU) $var(n) = 1;' },
  {
    kind: 'text',
    name: 'a switch of texts',
    turn: 'switch ($rm) { case "INVITE": $var(n) = 1; break; case "OPTIONS": $var(n) = 2; break; default: $var(n) = 3; }',
  },
  { kind: 'text', name: 'a regular expression', turn: 'if ($fu =~ "^sips?:[a-z0-9.]+@[a-z0-9.-]+$") $var(n) = 1;' },
  { kind: 'text', name: 'a substitution', turn: '$var(t) = $(fu{re.subst,/^sip:(.*)@.*$/tel:\\1/});' },
  { kind: 'text', name: 'transformations', turn: '$var(t) = $(ct{nameaddr.uri}{uri.host}{s.toupper}{s.substr,0,4});' },
  { kind: 'text', name: 'a hash table', turn: '$sht(t=>$fU) = $var(i); $var(n) = $sht(t=>$fU);' },
  { kind: 'text', name: 'AVPs', turn: '$avp(x) = "value"; $var(t) = $avp(x); $avp(x) = $null;' },
];

const { sipc, kamailio } = await statementCosts({
  port: 23220,
  head: `loadmodule "textops.so"
loadmodule "htable.so"
modparam("htable", "htable", "t=>size=8;")
route[NOTHING] { return; }`,
  statements: jobs.map((job) => ({ ...job, turns: TURNS[job.kind] })),
});
console.log('| statement | Kamailio, ns | sipc, ns | times as fast |');
console.log('| --- | --- | --- | --- |');
for (const [i, { kind, name }] of jobs.entries()) {
  const [k, s] = [kamailio?.[i], sipc[i]!];
  const times = k === undefined ? '–' : (k / s).toFixed(1);
  console.log(`| ${kind}: ${name} | ${k?.toFixed(0) ?? '–'} | ${s.toFixed(1)} | ${times} |`);
}
