/** Whether what was played against Kamailio may become a golden: it has to show that Kamailio ran and answered. */
import type { Transcript } from './play.js';
import type { Scenario } from './scenario.js';

/** What kamcmd says when nobody takes its command, and what we say when nobody answers it (test/support/server-process.ts). */
const unanswered = /^ERROR: connect_unix_sock|^no answer in \d+ s/m;

/** Why this is no golden, null when it is one. `ended`: how Kamailio's process ended meanwhile. */
export function refusal(scenario: Scenario, transcript: Transcript, ended: string | null): string | null {
  const { peers, log, rpc, stopped } = transcript;
  if (ended !== null) return `Kamailio ended while it was played: ${ended}`;
  if (stopped !== undefined) return stopped;
  const lost = rpc.find(({ output }) => unanswered.test(output.join('\n')));
  if (lost !== undefined) return `Kamailio did not answer the command ${lost.command}: ${lost.output.join(' ').trim()}`;
  const isSilent = Object.keys(peers).length === 0 && log.length === 0 && rpc.length === 0;
  if (isSilent && !scenario.silent)
    return 'Kamailio sent and logged nothing; where that is what it shows, write silent(scenario(…))';
  if (!isSilent && scenario.silent) return 'declared silent, but Kamailio sent or logged something';
  return null;
}
