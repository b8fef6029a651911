/** The compatibility table of the README: per module, what of Kamailio's names is done. Made from declarations and the catalog. */
import type { ModuleDeclaration } from '../declarations.js';
import type { Catalog } from '../host.js';

export interface CoverageRow {
  readonly module: string;
  /** [done, Kamailio's] */
  readonly functions: readonly [number, number];
  readonly params: readonly [number, number];
  readonly pvs: readonly [number, number];
}

/** Of `names`, how many `has` knows. */
function counted(names: readonly string[], has: (name: string) => boolean): readonly [number, number] {
  return [names.filter(has).length, names.length];
}

/** One row a module we have, in the order of their names; `core` first. */
export function coverage(modules: readonly ModuleDeclaration[], catalog: Catalog): CoverageRow[] {
  const rows = modules.map((declaration): CoverageRow => {
    const isCore = declaration.name === 'core';
    const kamailio = catalog.modules[declaration.name];
    const inReach = (name: string) => !Object.hasOwn(declaration.outOfReach, name);
    const functions = Object.keys((isCore ? catalog.core.functions : kamailio?.functions) ?? {}).filter((name) =>
      inReach(`${name}()`),
    );
    const params = (isCore ? catalog.core.globals : Object.keys(kamailio?.params ?? {})).filter(inReach);
    const pvs = (isCore ? catalog.core.pvs : kamailio?.pvs) ?? [];
    const missing = new Set(declaration.missing);
    return {
      module: declaration.name,
      functions: counted(functions, (name) => name in declaration.functions || (isCore && name === 'route')),
      params: counted(params, (name) => name in declaration.params),
      pvs: counted([...pvs], (name) => name in declaration.pvs || (isCore && !missing.has(`$${name}`))),
    };
  });
  return rows.sort((a, b) => (a.module === 'core' ? -1 : b.module === 'core' ? 1 : a.module < b.module ? -1 : 1));
}

/** The rows as a Markdown table with a total. */
export function renderCoverage(rows: readonly CoverageRow[]): string {
  const cell = ([done, all]: readonly [number, number]) => (all === 0 ? '–' : `${done} / ${all}`);
  const sum = (pick: (row: CoverageRow) => readonly [number, number]) =>
    rows.map(pick).reduce<readonly [number, number]>((t, [done, all]) => [t[0] + done, t[1] + all], [0, 0]);
  const line = (name: string, row: Omit<CoverageRow, 'module'>) =>
    `| ${name} | ${cell(row.functions)} | ${cell(row.params)} | ${cell(row.pvs)} |`;
  return [
    '| module | functions | parameters | pseudo-variables |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => line(row.module, row)),
    line('**all of these**', {
      functions: sum((row) => row.functions),
      params: sum((row) => row.params),
      pvs: sum((row) => row.pvs),
    }),
  ].join('\n');
}
