/** What Kamailio 5.6.3 does with each message on its stock config. Written by ../record.ts. */
import type { OutcomeTable } from '../torture.js';

export const expected: OutcomeTable = {
  'ipv4-mapped-ipv6': { fate: 'stopped', answer: '400 Content-Length mis-match' },
  'ipv6-bad': { fate: 'stopped', answer: '400 Bad Request URI' },
  'ipv6-bug-abnf-3-colons': { fate: 'routed', answer: '403 Not relaying' },
  'ipv6-correct-abnf-2-colons': { fate: 'routed', answer: '403 Not relaying' },
  'ipv6-good': { fate: 'routed', answer: '403 Not relaying' },
  'ipv6-in-sdp': { fate: 'stopped', answer: '400 Content-Length mis-match' },
  'mult-ip-in-header': { fate: 'routed', answer: '404 Not here' },
  'mult-ip-in-sdp': { fate: 'stopped', answer: '400 Content-Length mis-match' },
  'port-ambiguous': { fate: 'routed', answer: '403 Not relaying' },
  'port-unambiguous': { fate: 'routed', answer: '403 Not relaying' },
  'via-received-param-no-delim': { fate: 'routed', answer: '403 Not relaying' },
  'via-received-param-with-delim': { fate: 'routed', answer: '404 Not here' },
};
