/** A location table that is looked up and never filled. A database, or a module we lack, may fill it. */
import { lookupWithoutSave } from '../../diagnostics/6xxx-lint.js';
import { nearest } from '../../diagnostics/near.js';
import { constantArg } from '../effects.js';
import { functionOf, type Rule } from '../lint.js';

export const checkLookups: Rule = ({ program, calls, found }) => {
  const kept = program.params.some(
    ({ module, name, value }) =>
      module === 'usrloc' &&
      (name === 'preload' || (name === 'db_mode' && value.kind === 'constant' && value.value !== 0)),
  );
  if (kept || program.modules.some((m) => m.declaration === null)) return;
  const tables = (names: readonly string[]) =>
    calls.flatMap((site) => {
      const call = functionOf(site);
      const table = call?.module === 'registrar' && names.includes(site.node.name.text) ? constantArg(call, 0) : null;
      return typeof table === 'string' ? [{ table, span: site.node.args[0]?.span ?? site.node.span }] : [];
    });
  const saved = tables(['save']).map((t) => t.table);
  for (const { table, span } of tables(['lookup', 'lookup_to_dset', 'lookup_branches', 'registered'])) {
    if (saved.includes(table)) continue;
    const near = nearest(table, saved);
    found.report(lookupWithoutSave, span, near === undefined ? { table } : { table, near });
  }
};
