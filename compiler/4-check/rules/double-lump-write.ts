/**
 * `$fU` and its like assigned twice: "bobcarol". Evidence: the FAQ, and tried with 5.6.3. (Removing a header field
 * twice is clean in Kamailio, unlike in OpenSIPS, and is not reported.)
 */
import { doubleLumpWrite } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

export const checkDoubleWrites: Rule = ({ flow, found }) => {
  for (const { text, span, first } of flow.rewrites)
    found.report(doubleLumpWrite, span, { text }, first ? [{ span: first, message: 'also assigned here' }] : []);
};
