/**
 * What becomes of a message before the stock config's routes decide about it: parsing, Max-Forwards, sanity checks.
 */
import { ParseFailure, parseMessage } from '../../runtime/message/index.js';
import { fakeReceived, fakeSocket } from '../../runtime/message/testing.js';
import type { Verdict } from '../../runtime/sdk/define.js';
import maxfwd from '../../stdlib-modules/maxfwd/module.js';
import { DEFAULT_CHECKS, DEFAULT_URI_CHECKS, SIZE_DEFAULTS } from '../../stdlib-modules/sanity/checks.js';
import sanity from '../../stdlib-modules/sanity/module.js';
import { fakeRun, fakeSelf } from '../support/fake-run.js';
import type { Outcome } from './torture.js';

const socket = fakeSocket('udp', '127.0.0.1', 21_310);
const received = fakeReceived({ socket, src: { ip: '127.0.0.1', port: 21_311 } });

export function earlyOutcome(text: string): Outcome {
  const msg = parseMessage(text, received);
  if (msg instanceof ParseFailure) return { fate: 'dropped' };
  if (!msg.isRequest) return { fate: 'response' };
  const run = fakeRun(msg);
  const hops = maxfwd.functions.maxfwd_process.run(fakeSelf({ max_limit: 70 }, run), run.ctx, 10) as Verdict;
  if (hops <= 0) return { fate: 'stopped', answer: '483 Too Many Hops' };
  const params = {
    default_checks: DEFAULT_CHECKS,
    uri_checks: DEFAULT_URI_CHECKS,
    proxy_require: '',
    autodrop: 1,
    noreply: 0,
    ...SIZE_DEFAULTS,
  };
  const sane = sanity.functions.sanity_check.run(fakeSelf(params, run), run.ctx, 17_895, 7) as Verdict;
  if (sane > 0) return { fate: 'routed' };
  const answer = run.answers[0];
  return answer === undefined ? { fate: 'stopped' } : { fate: 'stopped', answer: `${answer.status} ${answer.reason}` };
}
