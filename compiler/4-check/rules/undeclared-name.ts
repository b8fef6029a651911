/**
 * Tables, queues, connections and profiles that no modparam declares. Evidence: the READMEs of htable, mqueue, sqlops and
 * dialog; tried with 5.6.3: without the table or queue each use fails when it runs, without the connection or profile
 * Kamailio does not start. `kamailio -c` says nothing of any of them.
 */
import { undeclaredName } from '../../diagnostics/6xxx-routing.js';
import { nearest } from '../../diagnostics/near.js';
import type { Span } from '../../span.js';
import { constantArg } from '../effects.js';
import { everyPv, functionOf, type Lint, type Rule } from '../lint.js';

interface Kind {
  readonly module: string;
  readonly params: readonly string[];
  /** Names that a value of these parameters declares. */
  readonly declares: (value: string) => readonly string[];
  /** Functions whose first argument is the name, alone or before `=>`. */
  readonly functions: RegExp;
  readonly pvs: RegExp;
  readonly starts: boolean;
}
const beforeArrow = (value: string): string[] => [value.split('=>')[0]!.trim()];
const kinds: readonly Kind[] = [
  {
    module: 'htable',
    params: ['htable'],
    declares: beforeArrow,
    functions: /^sht_(?!print$|iterator_)/,
    pvs: /^sht(?:ex|cn|cv|inc|dec)?$/,
    starts: true,
  },
  {
    module: 'mqueue',
    params: ['mqueue'],
    declares: (value) => [/(?:^|;)\s*name\s*=\s*([^;\s]+)/.exec(value)?.[1] ?? ''],
    functions: /^mq_/,
    pvs: /^mq[kv]$|^mq_size$/,
    starts: true,
  },
  {
    module: 'sqlops',
    params: ['sqlcon'],
    declares: beforeArrow,
    functions: /^sql_(?:x?query|pvquery|query_async)$/,
    pvs: /^$/,
    starts: false,
  },
  {
    module: 'dialog',
    params: ['profiles_with_value', 'profiles_no_value'],
    declares: (value) => value.split(';').map((name) => name.trim().split('/')[0]!),
    functions: /^(?:un)?set_dlg_profile$|^is_in_profile$|^get_profile_size$/,
    pvs: /^$/,
    starts: false,
  },
];

export const checkDeclaredNames: Rule = (lint) => {
  for (const kind of kinds) checkKind(kind, lint);
};

function checkKind(kind: Kind, lint: Lint): void {
  const { program, calls, found } = lint;
  const { module, params, starts } = kind;
  if (!program.modules.some((m) => m.name === module)) return;
  const values = program.params.filter((p) => p.module === module && params.includes(p.name)).map(({ value }) => value);
  // One that is made at start may declare anything.
  if (values.some((value) => value.kind !== 'constant')) return;
  const names = values.flatMap((value) => (value.kind === 'constant' ? kind.declares(String(value.value)) : []));
  const told = new Set<string>();
  const use = (text: string | number | null, span: Span): void => {
    const name = typeof text === 'string' ? text.split('=>')[0]!.trim() : '';
    if (name === '' || name.includes('$') || names.includes(name)) return;
    const at = `${span.file.path} ${span.start} ${name}`;
    if (told.has(at)) return;
    told.add(at);
    const near = nearest(name, names);
    const args = { name, module, param: params[0]!, starts };
    found.report(undeclaredName, span, near === undefined ? args : { ...args, near });
  };
  for (const site of calls) {
    const call = functionOf(site);
    if (call?.module === module && kind.functions.test(site.node.name.text) && site.node.args[0])
      use(constantArg(call, 0), site.node.args[0].span);
  }
  for (const pv of everyPv(lint))
    if (pv.module === module && kind.pvs.test(pv.name))
      use(typeof pv.key?.[0] === 'string' ? pv.key[0] : null, pv.span);
}
