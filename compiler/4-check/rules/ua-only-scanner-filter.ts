/** A scanner filter that looks at User-Agent alone. Evidence: sipvicious#84, kazoo-configs-kamailio#95: the name can be changed. */
import { userAgentOnly } from '../../diagnostics/6xxx-security.js';
import { mentioned, type Rule } from '../lint.js';

const scanners = /scanner|sipvicious|sipcli|sundayddr|sip-?scan|iwar|sipsak|vaxsip/i;
const guards = /\bpike_check_req\b|\brl_check|\bpl_check|\$sht\(|\bsecf_|\ballow_source_address|\ballow_address/;

export const checkScannerFilter: Rule = ({ program, expressions, found }) => {
  const filter = expressions.find(
    ({ node }) =>
      node.kind === 'binary' &&
      node.left.kind === 'pv' &&
      /^\$(?:ua|hdr\(User-Agent\))$/i.test(program.pvs.get(node.left)?.text ?? '') &&
      node.right.kind === 'str' &&
      scanners.test(node.right.value),
  );
  if (filter && !mentioned(program, guards)) found.report(userAgentOnly, filter.node.span, undefined);
};
