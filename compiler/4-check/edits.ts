/**
 * What functions write into the outgoing message and read of the received one. Edits are a list beside the received text
 * (FAQ, "changes are not visible"): what is read afterwards is what came in, until msg_apply_changes().
 */
import type { BoundPv } from '../3-bind/index.js';
import type { CallExpression } from '../ast.js';

/** Stands for the body among the names of header fields. */
export const bodyField = '(body)';

/** The first argument as it is written, where it is constant. */
function firstText(node: CallExpression): string | null {
  const first = node.args[0];
  return first?.kind === 'str' ? first.value : null;
}

/** The header field a call edits, in small letters. */
export function editedField(node: CallExpression): string | null {
  const name = node.name.text;
  const text = firstText(node);
  if (/^(?:set_body|replace_body(?:_all|_atonce)?|subst_body|set_body_multipart)$/.test(name)) return bodyField;
  if (text === null || /[$*]/.test(text.split(':')[0]!)) return null;
  if (name === 'append_hf' || name === 'insert_hf') return /^\s*([^\s:]+)\s*:/.exec(text)?.[1]?.toLowerCase() ?? null;
  if (name === 'remove_hf' || name === 'subst_hf') return text.toLowerCase();
  return null;
}

/** The header field whose presence a call asks for. */
export function askedField(node: CallExpression): string | null {
  if (/^(?:search_body|has_body|filter_body)$/.test(node.name.text)) return bodyField;
  return node.name.text === 'is_present_hf' ? (firstText(node)?.toLowerCase() ?? null) : null;
}

/** The header field a pseudo-variable shows. */
export function shownField(pv: BoundPv): string | null {
  if (pv.name === 'rb') return bodyField;
  if (pv.name !== 'hdr' && pv.name !== 'hdrc') return null;
  const key = pv.key?.[0];
  return pv.key?.length === 1 && typeof key === 'string' ? key.toLowerCase() : null;
}

/** Their arguments are read on purpose: a new field made of the old one, a line in the log. */
export const readsOnPurpose =
  /^(?:append_hf|insert_hf|subst_hf|set_body|replace_body|xlogl?|xdbg|xerr|xwarn|xinfo|xnotice|log)$/;

/** Changes the Request-URI, or what is known of branches. */
export const changesTarget =
  /^(?:lookup|rewrite|set(?:uri|host|user|port)|prefix|strip|revert|clear_branches|remove_branch|ds_|dp_|cr_|lcr_|next_|t_next|t_load|enum|alias_db|subst_u|pcre|pdt|prefix_route|do_routing|route_to|sd_lookup|uac_redirect|get_redirects|append_branches|msg_set_buffer|load_contacts)/;
