/**
 * `npm run bench:pvs`: what the 20 most used reads and a line of ten fields cost, in sipc and in Kamailio. Nanoseconds each, the
 * empty loop taken off.
 */
import { statementCosts } from './statements.js';

const TURNS = 100_000;
const reads =
  '$ru $rU $rd $rm $fu $fU $fd $tu $tU $ci $cs $si $sp $ua $du $rs $hdr(Subject) $avp(x) $xavp(a[0]=>b) $var(y)'.split(
    ' ',
  );
const line = '$rm $ru $fu $tu $ci $si:$sp $ua $rU@$rd $hdr(Subject)';
const before = '$avp(x) = "value"; $xavp(a=>b) = "value"; $var(y) = 1;';
const turns = ['', ...reads.map((name) => `$var(x) = ${name};`), `pv_evalx("$var(x)", "${line}");`];

const { sipc, kamailio } = await statementCosts({
  port: 23210,
  head: '',
  statements: turns.map((turn) => ({ turns: TURNS, before, turn })),
});
const cost = (of: readonly number[] | null, i: number): string =>
  of === null ? '–' : Math.max(0, of[i]! - of[0]!).toFixed(0);
console.log('| read | Kamailio, ns | sipc, ns |');
console.log('| --- | --- | --- |');
for (const [i, name] of [...reads, 'line of ten fields'].entries())
  console.log(`| ${name} | ${cost(kamailio, i + 1)} | ${cost(sipc, i + 1)} |`);
