/**
 * Digest credentials: sent on, good for a second use, tried without a limit. Evidence: the READMEs of auth and pike, the
 * security tutorial. What another part of the cfg that is not compiled now does about it counts.
 */
import { credentialsLeak, digestReplay, noFloodGuard } from '../../diagnostics/6xxx-security.js';
import { authFunctions, relayFunctions } from '../effects.js';
import { known, methodBit } from '../facts.js';
import { type Lint, mentioned, type Rule, writtenParam } from '../lint.js';

export const checkCredentials: Rule = (lint) => {
  const { program, calls, flow, found } = lint;
  const first = calls.find(({ node }) => authFunctions.has(node.name.text));
  if (!first) return;
  const toServers = methodBit('REGISTER') | methodBit('PUBLISH');
  for (const { node } of calls) {
    if (!relayFunctions.has(node.name.text)) continue;
    const leaks = flow.visits
      .get(node)
      ?.some(({ state }) => known(state, 'credentials') === 'yes' && (state.methods & ~toServers) !== 0);
    if (leaks) found.report(credentialsLeak, node.name.span, { name: node.name.text });
  }
  checkReplay(lint);
  const guards = /\bpike_check_req\b|\brl_check|\bpl_check|\$sht\(|\bsecf_|\bsht_/;
  if (!mentioned(program, guards)) found.report(noFloodGuard, first.node.name.span, { name: first.node.name.text });
};

function checkReplay({ program, calls, found }: Lint): void {
  const challenges = calls.filter(({ node }) => /^(?:auth|www|proxy)_challenge$/.test(node.name.text));
  const [challenge] = challenges;
  if (!challenge || !program.modules.some((m) => m.name === 'auth')) return;
  const value = (name: string): string | number | undefined => writtenParam(program, 'auth', name)?.value.value;
  const counted = Boolean(value('nonce_count'));
  const flags = challenges
    .map(({ node }) => node.args[1])
    .map((a) => (a?.kind === 'str' ? Number(a.value) : a?.kind === 'int' ? a.value : NaN));
  const withoutQop = flags.every((f) => (f & 3) === 0 && !Number.isNaN(f));
  if (value('one_time_nonce') || (counted && !withoutQop)) return;
  const expire = value('nonce_expire');
  const seconds = typeof expire === 'number' ? expire : 300;
  found.report(digestReplay, challenge.node.name.span, { seconds, useless: counted });
}
