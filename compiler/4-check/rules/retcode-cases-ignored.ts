/**
 * Functions with more than one kind of no, tested for true and false only. Evidence: the secfilter tutorial, opensips#1098.
 * Only those where the difference decides what to answer; most negative codes are all the same to a route.
 */
import { retcodeCasesIgnored } from '../../diagnostics/6xxx-async.js';
import { decidingParts, everyPv, type Lint, type Rule, writtenParam } from '../lint.js';

const filterCodes: readonly [number, string] = [-2, 'on the blacklist, -1 an error'];
const cases: ReadonlyMap<string, readonly [code: number, means: string]> = new Map([
  ['lookup', [-2, 'a phone that does not take this method (answer 405)']],
  ...['ip', 'ua', 'country', 'from_hdr', 'to_hdr', 'contact_hdr', 'dst'].map(
    (what): [string, readonly [number, string]] => [`secf_check_${what}`, filterCodes],
  ),
]);

export const checkIgnoredCases: Rule = (lint) => {
  const { program, statements, found } = lint;
  const filtering = writtenParam(program, 'registrar', 'method_filtering')?.value.value;
  let asked: boolean | undefined;
  for (const { node } of statements) {
    if (node.kind !== 'if' && node.kind !== 'while') continue;
    for (const part of decidingParts(node.condition)) {
      if (part.kind !== 'call') continue;
      const known = cases.get(part.name.text);
      if (!known || (part.name.text === 'lookup' && !filtering)) continue;
      asked ??= asksForCode(lint);
      if (asked) return;
      found.report(retcodeCasesIgnored, part.name.span, { name: part.name.text, code: known[0], means: known[1] });
    }
  }
};

const asksForCode = (lint: Lint): boolean => [...everyPv(lint)].some((pv) => pv.what === 'rc');
