/** One flag with two purposes. Evidence: kamailio#266, where failed and missed calls had the same number. */
import { flagCollision } from '../../diagnostics/6xxx-lint.js';
import type { Span } from '../../span.js';
import type { Rule } from '../lint.js';

/** Parameters that name a message flag or a branch flag, by purpose; one purpose may have several parameters. */
const purposes: Readonly<Record<string, readonly [space: string, purpose: string]>> = {
  'acc.log_flag': ['message', 'accounting'],
  'acc.db_flag': ['message', 'accounting'],
  'acc.log_missed_flag': ['message', 'missed calls'],
  'acc.db_missed_flag': ['message', 'missed calls'],
  'acc.failed_transaction_flag': ['message', 'failed transactions'],
  'acc.acc_prepare_flag': ['message', 'prepared transactions'],
  'usrloc.nat_bflag': ['branch', 'behind NAT'],
  'nathelper.sipping_bflag': ['branch', 'SIP pings'],
};

export const checkFlags: Rule = ({ program, found }) => {
  const roles = new Map<string, { purpose: string; span: Span }>();
  const take = (space: string, flag: number, purpose: string, span: Span): void => {
    const key = `${space} ${flag}`;
    const before = roles.get(key);
    if (!before) roles.set(key, { purpose, span });
    else if (before.purpose !== purpose)
      found.report(flagCollision, span, { flag, one: before.purpose, other: purpose }, [
        { span: before.span, message: before.purpose },
      ]);
  };
  for (const item of program.config.items) {
    if (item.kind === 'modparam' && typeof item.value.value === 'number') {
      const role = purposes[`${item.modules.text}.${item.name.text}`];
      if (role && item.value.value >= 0) take(role[0], item.value.value, role[1], item.value.span);
    } else if (item.kind === 'flags')
      for (const { name, number } of item.names) if (number !== null) take('names', number, name.text, name.span);
  }
};
