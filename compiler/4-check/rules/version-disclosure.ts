/** A version in what every response shows. Evidence: the Kamailio security tutorial. The built-in default is not reported: there is no line to point at. */
import { versionDisclosure } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

export const checkVersionDisclosure: Rule = ({ program, found }) => {
  for (const { name, value, span } of program.globals) {
    const is = name.text;
    const shown =
      is === 'sip_warning'
        ? value.kind === 'int' && value.value !== 0
        : (is === 'server_header' || is === 'user_agent_header') && value.kind === 'str' && /\d\.\d/.test(value.value);
    if (shown) found.report(versionDisclosure, span, { name: is });
  }
};
