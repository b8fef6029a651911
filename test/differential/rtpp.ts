/** Stands in for an rtpproxy: shows each command and answers as the call's name says. */
import type { Speaker } from './scenario.js';

/** `relay` shows in the address that is answered. `old`: without the extensions of the protocol. */
export function rtppRelay(relay: number, old = false): Speaker {
  return (text) => {
    const blank = text.indexOf(' ');
    const cookie = text.slice(0, blank);
    const command = text.slice(blank + 1).trimEnd();
    const [verb = '', callId = ''] = command.split(' ');
    const answer = answerTo(verb, callId, relay, old);
    const silent = verb.startsWith('V');
    return {
      note: silent ? null : `rtpp ${command}\r\nCall-ID: ${callId.split(';')[0]}`,
      answer: answer === null ? null : `${cookie} ${answer}\n`,
    };
  };
}

function answerTo(verb: string, callId: string, relay: number, old: boolean): string | null {
  if (verb === 'V') return '20040107';
  if (verb === 'VF') return old && callId !== '20050322' ? '0' : '1';
  if (callId.includes('silent') && !callId.includes(`not-${relay}`)) return null;
  if (callId.includes('refused')) return 'E7';
  if (verb.startsWith('U') || verb.startsWith('L')) {
    if (callId.includes('unknown')) return '0';
    if (callId.includes('short')) return '35000';
    if (callId.includes('six')) return '35000 2001:db8::1 6';
    return `3500${relay} 203.0.113.${relay}`;
  }
  if (verb === 'Q') return '300 12 11 1 23';
  return '0';
}
