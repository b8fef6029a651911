/** The harness on a server of its own: it has to notice each way a flow can go wrong. */
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../runtime/env.js';
import { playLadder, type StartLadderServer } from './ladder.js';
import { LadderSyntaxError, parseLadder } from './ladder-file.js';
import { allValues, firstValue, readSip, writeSip } from './sip-text.js';

/** Passes INVITE and ACK on to bob (the second peer), answers everything else itself, and repeats a 200 once after 500 ms. */
const toy: StartLadderServer = async (_, env) => {
  let alice: Endpoint | null = null;
  const bob = { ip: '127.0.0.1', port: 20_002 };
  const socket = await env.network.bindUdp({ ip: '127.0.0.1', port: 5060 }, (bytes, from) => {
    const sip = readSip(bytes);
    if (sip.status > 0) {
      if (!alice) return;
      socket.send(bytes.replace(/^Via: SIP\/2.0\/UDP proxy.*\r\n/m, ''), alice);
      return;
    }
    alice = from;
    if (sip.method === 'INVITE' || sip.method === 'ACK') {
      env.log.write({ level: 2, source: '<script>', text: `passing ${sip.method} on\n` });
      socket.send(
        bytes
          .replace('\r\nVia:', '\r\nVia: SIP/2.0/UDP proxy;branch=z9hG4bKp\r\nVia:')
          .replace('Max-Forwards: 70', 'Max-Forwards: 69'),
        bob,
      );
      return;
    }
    const headers = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].flatMap((name) =>
      allValues(sip, name).map((value): [string, string] => [name, value]),
    );
    const answer = writeSip('SIP/2.0 200 OK', headers, '');
    socket.send(answer, from);
    if (firstValue(sip, 'X-Twice')) env.clock.setTimer(500, () => socket.send(answer, from));
  });
  return { transactions: () => 0, stop: () => socket.close() };
};

const head = '# a flow\ncfg:\n  request_route { exit; }\n\n';
const play = (steps: string) => playLadder(parseLadder('x.ladder', head + steps), toy);

const call = `
alice -> proxy : INVITE sip:bob@x
proxy -> bob   : INVITE sip:bob@x    ; Max-Forwards is 69, Via.branch is new, Via[1].branch is z9hG4bK-alice-1
bob   -> proxy : 180 tag=b1
proxy -> alice : 180 ; To.tag is b1, Contact starts with <sip:bob@
bob   -> proxy : 200 tag=b1 ; X-Word: a, b ; body hello
proxy -> alice : 200 to INVITE ; X-Word is "a, b", body is hello
alice -> proxy : ACK
proxy -> bob   : ACK ; CSeq is "1 ACK", To.tag is b1, Via.branch is the INVITE's, X-Word is absent
alice -> proxy : BYE
proxy -> alice : 200 to BYE ; CSeq is "2 BYE"
after 32s      : no transactions are left, log has "passing ACK", log has no "BYE"
`;

describe('ladders', () => {
  it('reads a file', () => {
    const ladder = parseLadder('x.ladder', `${head}peer bob tcp 127.0.0.1:5081\nwire loss=0.5 seed=3\n${call}`);
    expect(ladder).toMatchObject({
      title: 'a flow',
      cfg: { text: 'request_route { exit; }\n\n' },
      peers: [
        { name: 'bob', proto: 'tcp', address: { ip: '127.0.0.1', port: 5081 } },
        { name: 'alice', proto: 'udp', address: null },
      ],
      wire: { loss: 0.5, seed: 3 },
    });
    expect(ladder.steps).toHaveLength(11);
  });

  it('plays a call', () => play(call));

  it('sees a retransmission', () =>
    play('alice -> proxy : OPTIONS ; X-Twice: yes\nproxy -> alice : 200\nproxy -> alice : 200 again within 600ms'));

  const wrong: [string, string, RegExp][] = [
    ['nothing comes', 'alice -> proxy : OPTIONS\nproxy -> bob : OPTIONS', /:6: bob got nothing/],
    ['another message', 'alice -> proxy : OPTIONS\nproxy -> alice : 404', /alice got 200 to OPTIONS; expected/],
    ['another method', 'alice -> proxy : OPTIONS\nproxy -> alice : 200 to INVITE', /alice got 200 to OPTIONS/],
    ['another URI', 'alice -> proxy : INVITE sip:a@b\nproxy -> bob : INVITE sip:c@d', /bob got INVITE sip:a@b/],
    [
      'one too many',
      'alice -> proxy : OPTIONS\nproxy -> alice : 200\nalice -> proxy : OPTIONS',
      /what nothing expects: SIP\/2.0 200/,
    ],
    [
      'unexpected retransmission',
      'alice -> proxy : OPTIONS ; X-Twice: yes\nproxy -> alice : 200\nafter 1s\nproxy -> alice : 200',
      /is a retransmission/,
    ],
    ['missing retransmission', 'alice -> proxy : OPTIONS\nproxy -> alice : 200 2 times', /got nothing/],
    ['a value', 'alice -> proxy : OPTIONS\nproxy -> alice : 200 ; CSeq is 7', /CSeq is 7: but it is "1 OPTIONS"/],
    ['absent', 'alice -> proxy : OPTIONS\nproxy -> alice : 200 ; Via is absent', /Via is absent: but it is/],
    [
      'a log line',
      'alice -> proxy : OPTIONS\nproxy -> alice : 200\nafter 1s : log has "nonsense"',
      /the log has no "nonsense"/,
    ],
    ['a count', 'after 1s : 2 transactions are left', /0 transactions are left, not 2/],
    ['an answer to nothing', 'bob -> proxy : 200', /bob has received no request/],
  ];
  it.each(wrong)('notices: %s', async (_, steps, message) => {
    await expect(play(steps)).rejects.toThrow(message);
  });

  it('prints what happened beside what was written', async () => {
    const failure = await play('alice -> proxy : OPTIONS\nproxy -> alice : 404').catch((error: Error) => error.message);
    expect(failure).toContain('> proxy -> alice : 404');
    expect(failure).toMatch(/\| +0\.002s {2}proxy -> alice : 200 to OPTIONS/);
  });

  it.each([
    ['no cfg', '# x\nalice -> proxy : OPTIONS', /there is no cfg line/],
    ['no arrow', `${head}alice proxy`, /x.ladder:5: cannot read/],
    ['two peers', `${head}alice -> bob : OPTIONS`, /has to be the proxy/],
    ['a word', `${head}alice -> proxy : hello`, /neither a method nor a status/],
    ['a duration', `${head}after 3weeks`, /is not a duration/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseLadder('x.ladder', text)).toThrow(LadderSyntaxError);
    expect(() => parseLadder('x.ladder', text)).toThrow(message);
  });
});
