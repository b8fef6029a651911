/** Checking: what Kamailio refuses is an error; what it takes and what cannot work is a warning. */
import type { BoundProgram } from '../3-bind/index.js';
import { noRequestRoute } from '../diagnostics/5xxx-routes.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { Catalog, Versions } from '../host.js';
import { prepareLint } from './lint.js';
import { rules } from './rules/index.js';
import { checkStatements } from './statements.js';
import { checkEventRoutes, checkTargets } from './targets.js';

export function checkProgram(program: BoundProgram, catalog: Catalog, diagnostics: Diagnostics): void {
  checkStatements(program, diagnostics);
  checkTargets(program, diagnostics);
  checkEventRoutes(program, catalog, diagnostics);
  const last = program.config.items.at(-1);
  if (last && !program.routes.some((r) => r.table === 'request_route'))
    diagnostics.report(noRequestRoute, program.routes[0]?.blocks[0]?.head ?? last.span, undefined);
}

/** What Kamailio takes and what will not do what it looks like. Never blocks a build. */
export function lintProgram(program: BoundProgram, diagnostics: Diagnostics, versions?: () => Versions): void {
  const lint = prepareLint(program, diagnostics, versions);
  for (const rule of rules) rule(lint);
}
