/** What is read after it was edited. Evidence: the FAQ of Kamailio; the edits of one message are a list beside its text. */
import { readAfterEdit } from '../../diagnostics/6xxx-routing.js';
import { bodyField } from '../edits.js';
import type { Rule } from '../lint.js';

export const checkStaleReads: Rule = ({ flow, found }) => {
  for (const { field, span, edit } of flow.stale)
    found.report(readAfterEdit, span, { field: field === bodyField ? 'the body' : field }, [
      { span: edit, message: 'edited here' },
    ]);
};
