/**
 * Modules nothing of which is used. Those that serve from outside (RPC, control sockets) are used by being there, and a
 * name that a part of the cfg outside this build uses counts.
 */
import { moduleUnused } from '../../diagnostics/6xxx-lint.js';
import { everyPv, functionOf, mentioned, type Rule } from '../lint.js';

const serving = new Set('core kex corex ctl cfg_rpc counters jsonrpcs'.split(' '));

export const checkUnusedModules: Rule = (lint) => {
  const { program, calls, found } = lint;
  const used = new Set<string>(program.params.map((p) => p.module));
  for (const site of calls) used.add(functionOf(site)?.module ?? '');
  for (const pv of everyPv(lint)) used.add(pv.module);
  for (const { declaration } of program.modules)
    for (const name of declaration?.uses ?? []) used.add(name.replace(/\?$/, ''));
  // send_reply() answers through the transaction where there is one; siputils reads an AVP by default.
  if (calls.some((c) => /^send_reply/.test(c.node.name.text))) used.add('tm');
  if (program.modules.some((m) => m.name === 'siputils')) used.add('pv');
  const events = program.routes.filter((r) => r.table === 'event_route').map((r) => r.name);
  // What a module we lack asks of others is not known.
  if (program.modules.some((m) => m.declaration === null)) return;
  for (const { name, declaration, node } of program.modules) {
    if (!node || !declaration || used.has(name) || serving.has(name)) continue;
    if (events.some((e) => e.startsWith(`${name}:`)) || program.selects.size > 0) continue;
    const functions = Object.keys(declaration.functions);
    if (functions.length > 0 && mentioned(program, new RegExp(`\\b(?:${functions.join('|')})\\s*\\(`))) continue;
    found.report(moduleUnused, node.name.span, { name });
  }
};
