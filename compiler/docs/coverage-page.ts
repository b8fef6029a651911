/**
 * docs/coverage.md: entry by entry, of the modules that are there, which pseudo-variables, transformations, selects, functions
 * and parameters are done and tested, done, or missing.
 */
import { selectMatches } from '../3-bind/selects.js';
import { transformations } from '../3-bind/transformations.js';
import type { ModuleDeclaration } from '../declarations.js';
import type { Catalog } from '../host.js';

/** Names as the page writes them: `$rU`, `{s.len}`, `@ruri.user`, `t_relay(`, `fr_timer`. */
export type IsTested = (entry: string) => boolean;
type State = 'done and tested' | 'done' | 'accepted, without a meaning here' | 'missing';
interface Entry {
  readonly name: string;
  readonly state: State;
}

const entry = (name: string, done: boolean, tested: boolean): Entry => ({
  name,
  state: !done ? 'missing' : tested ? 'done and tested' : 'done',
});

function list(title: string, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return [];
  const lines = [`**${title}**`, ''];
  for (const state of ['done and tested', 'done', 'accepted, without a meaning here', 'missing'] as const) {
    const names = entries.filter((e) => e.state === state).map((e) => `\`${e.name}\``);
    if (names.length > 0) lines.push(`- ${state} (${names.length}): ${names.join(' ')}`);
  }
  return [...lines, ''];
}

function outOfReach(names: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(names).map(([name, why]) => `- \`${name}\`: ${why}`);
  return lines.length === 0 ? [] : ['**In the source, out of reach of a cfg**', '', ...lines, ''];
}

/** Catalog paths name any word `{str}`; `?` marks what may be left out. */
const selectWords = (path: string): string[] =>
  path
    .replace(/^@/, '')
    .replace(/\[\{int\}\]\??/g, '')
    .replace(/\{\w+\}\??/g, 'x')
    .split('.');

/** Generic keys under which a parsed name counts as tested. */
export function coveragePage(modules: readonly ModuleDeclaration[], catalog: Catalog, tested: IsTested): string {
  const declared = modules.flatMap((m) => Object.keys(m.selects));
  const sections = [...modules]
    .sort((a, b) => rank(a.name, b.name))
    .flatMap((m) => section(m, catalog, tested, declared));
  return [
    '# What is there, name by name',
    '',
    'Made from the declarations by `npm run readme`. Names are those of Kamailio, its newest version included. A pseudo-variable,',
    'transformation or select is *tested* when a recorded transcript of Kamailio shows a value of it, or that it never has one, and sipc',
    'shows the same; one that came after the version compared with, when a test reads it; a function or parameter when a scenario beside',
    'Kamailio, a call flow or a table of the test suite uses the name. Parameters that name functions of KEMI scripts have no meaning in a cfg.',
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
const rank = (a: string, b: string): number => (a === 'core' ? -1 : b === 'core' ? 1 : a < b ? -1 : 1);

function section(m: ModuleDeclaration, catalog: Catalog, tested: IsTested, declared: readonly string[]): string[] {
  const isCore = m.name === 'core';
  const known = catalog.modules[m.name];
  const missing = new Set(m.missing);
  const names = isCore ? catalog.core.pvs : (known?.pvs ?? []);
  const pvs = [...new Set([...names, ...Object.keys(m.pvs)])].map((name) =>
    entry(`$${name}`, name in m.pvs || (isCore && !missing.has(`$${name}`)), tested(`$${name}`)),
  );
  const trs = (known?.transformations ?? []).map((name) =>
    entry(`{${name}}`, name in transformations, tested(`{${name}}`)),
  );
  const paths = isCore ? catalog.core.selects : (known?.selects ?? []);
  const selects = paths.map((path) => {
    const words = selectWords(path);
    const plain = path.startsWith('@') ? path : `@${path}`;
    const done = declared.some((pattern) => selectMatches(pattern.replaceAll('.#', ''), words));
    return entry(plain, done, tested(plain));
  });
  const inReach = (name: string) => !Object.hasOwn(m.outOfReach, name);
  const functions = Object.keys((isCore ? catalog.core.functions : known?.functions) ?? {})
    .filter((name) => inReach(`${name}()`))
    .map((name) => entry(`${name}()`, name in m.functions || (isCore && name === 'route'), tested(`${name}(`)));
  const paramNames = isCore ? catalog.core.globals : Object.keys(known?.params ?? {});
  const params = paramNames.filter(inReach).map((name): Entry => {
    const spec = Object.hasOwn(m.params, name) ? m.params[name] : undefined;
    if (spec?.noEffect || spec?.embedded) return { name, state: 'accepted, without a meaning here' };
    return entry(name, spec !== undefined, tested(name));
  });
  return [
    `## ${m.name}`,
    '',
    ...list('Pseudo-variables', pvs),
    ...list('Transformations', trs),
    ...list('Selects', selects),
    ...list('Functions', functions),
    ...list('Parameters', params),
    ...outOfReach(m.outOfReach),
  ];
}
