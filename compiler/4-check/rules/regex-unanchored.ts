/**
 * Allow-lists of addresses and domains that are not anchored. Evidence: gixy has the same rule for nginx; in a cfg it is
 * `$si =~ "10.0.0.1"`. Only plain patterns on texts that are one address or one domain are judged.
 */
import { unanchoredAllowList } from '../../diagnostics/6xxx-security.js';
import type { Rule } from '../lint.js';

const addresses = /^\$(?:si|Ri|rd|fd|td|dd|sndto\(ip\)|oP|src_ip)$/;
const plain = /^\^?(?:\(\^\|\\?\.\))?[\w.\\-]+\$?$/;

export const checkAnchors: Rule = ({ program, expressions, found }) => {
  for (const { node } of expressions) {
    if (node.kind !== 'binary' || node.operator !== '=~' || node.right.kind !== 'str') continue;
    const subject =
      node.left.kind === 'pv'
        ? program.pvs.get(node.left)?.text
        : node.left.kind === 'keyword'
          ? `$${node.left.name}`
          : '';
    if (!subject || !addresses.test(subject)) continue;
    for (const piece of node.right.value.split('|')) {
      const example = passes(piece);
      if (example === null) continue;
      found.report(unanchoredAllowList, node.right.span, { piece, example });
      break;
    }
  }
};

/** A text that matches and was hardly meant; null when the piece is fine, or not simple enough to say. */
function passes(piece: string): string | null {
  if (!plain.test(piece) || !/\./.test(piece)) return null;
  const text = piece.replace(/^\^|\$$/g, '').replaceAll('\\.', '.');
  const start = piece.startsWith('^');
  const end = piece.endsWith('$');
  if (/^[\d.]+$/.test(text)) {
    const whole = text.split('.').length === 4 && !text.endsWith('.');
    if (!start) return `2${text}${text.endsWith('.') ? '0.1' : ''}`;
    return whole && !end ? `${text}9` : null;
  }
  if (!/[a-z]/i.test(text) || !/[a-z]\w*$/i.test(text)) return null;
  if (!end) return `${text}.attacker.example`;
  return start || text.startsWith('.') ? null : `not${text}`;
}
