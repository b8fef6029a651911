/**
 * From or To replaced, and nothing that does the same to the rest of the dialog. Evidence: the uac README on restore_mode;
 * 5.6.3 keeps what was replaced in the parameters of its Record-Route (replace.c) or, with restore_dlg, in the dialog.
 */
import { replaceWithoutRestore } from '../../diagnostics/6xxx-routing.js';
import { relayFunctions } from '../effects.js';
import { known, methodBit, type State } from '../facts.js';
import { type Rule, writtenParam } from '../lint.js';

const replaces = /^uac_replace_(?:from|to)$/;
/** A dialog begins with one of these. */
const dialogMethods = methodBit('INVITE') | methodBit('SUBSCRIBE') | methodBit('REFER');

export const checkReplaced: Rule = ({ program, calls, flow, found }) => {
  const sites = calls.filter(({ node }) => replaces.test(node.name.text));
  if (sites.length === 0 || writtenParam(program, 'uac', 'restore_dlg')?.value.value === 1) return;
  const mode = String(writtenParam(program, 'uac', 'restore_mode')?.value.value ?? 'auto').toLowerCase();
  // None is a choice: nothing is restored.
  if (mode === 'none') return;
  const called = (pattern: RegExp): boolean => calls.some(({ node }) => pattern.test(node.name.text));
  const routed = called(/^loose_route/);
  for (const { node } of sites) {
    const name = node.name.text;
    const restore = name.replace('replace', 'restore');
    if (mode === 'manual' && !called(new RegExp(`^${restore}$`)))
      found.report(replaceWithoutRestore, node.name.span, { name, lacks: 'restore' });
    else if (mode === 'auto' && !routed)
      found.report(replaceWithoutRestore, node.name.span, { name, lacks: 'loose_route' });
  }
  if (!routed) return;
  const recorded = calls.some(
    ({ node }) =>
      /^record_route/.test(node.name.text) && flow.visits.get(node)?.some((v) => v.state.kinds.includes('branch')),
  );
  if (recorded) return;
  const lost = (state: State): boolean =>
    state.replaced !== null &&
    state.kinds.includes('request') &&
    (state.methods & dialogMethods) !== 0 &&
    known(state, 'inDialog') !== 'yes' &&
    known(state, 'routed') === 'no' &&
    known(state, 'recordRoute') === 'no';
  const told = new Set<unknown>();
  for (const { node } of calls) {
    if (!relayFunctions.has(node.name.text)) continue;
    for (const { state } of flow.visits.get(node) ?? []) {
      const { replaced } = state;
      if (!replaced || told.has(replaced) || !lost(state)) continue;
      told.add(replaced);
      found.report(replaceWithoutRestore, replaced.name.span, { name: replaced.name.text, lacks: 'record_route' }, [
        { span: node.name.span, message: 'relayed here' },
      ]);
    }
  }
};
