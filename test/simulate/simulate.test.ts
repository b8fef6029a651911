/**
 * 10,000 simulated calls without a broken invariant; and the watch itself, on proxies somebody meddles with: it has to notice each.
 * `npm run simulate` makes as many calls as you like, `npm run plants -- --simulator` plants faults in the runtime.
 */
import { describe, expect, it } from 'vitest';
import type { SimulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Clock, DatagramSocket } from '../../runtime/env.js';
import { simulate } from './simulate.js';

const WORLDS = 100;
const CALLS = 100;

describe('random worlds', () => {
  const seen = new Set<number>();
  for (let tenth = 0; tenth < 10; tenth++)
    it(`worlds ${tenth * 10} to ${tenth * 10 + 9}`, async () => {
      for (let world = 0; world < WORLDS / 10; world++) {
        const seed = 100_000 + tenth * 10 + world;
        const { violations, statuses, world: drawn } = await simulate(seed, CALLS);
        expect(violations, `seed ${seed}: ${drawn}`).toEqual([]);
        for (const status of statuses) seen.add(status);
      }
    }, 60_000);
  it('show every way a call can end, or all this proves nothing', () => {
    expect([...seen].sort()).toEqual([
      ...[100, 180, 182, 183, 200, 302, 404, 407, 408, 478, 486, 487, 500, 503, 600, 603],
    ]);
  });
});

it('the same seed gives the same run', async () => {
  const one = await simulate(4711, 60, { traced: 12 });
  const other = await simulate(4711, 60, { traced: 12 });
  expect(one.trace.length).toBeGreaterThan(3);
  expect(other).toEqual(one);
});

type Send = (text: string, send: (text: string) => void) => void;
/** Between the proxy and its socket. */
const sending =
  (how: Send) =>
  (env: SimulatedEnvironment): SimulatedEnvironment => {
    const { network } = env;
    const bindUdp: typeof network.bindUdp = async (at, onMessage) => {
      const socket = await network.bindUdp(at, onMessage);
      const through: DatagramSocket = {
        ...socket,
        send(text, to, failed) {
          how(text, (each) => void socket.send(each, to, failed));
          return '';
        },
      };
      return through;
    };
    return Object.assign({}, env, {
      network: {
        localAddresses: () => network.localAddresses(),
        listenTcp: network.listenTcp.bind(network),
        connectTcp: network.connectTcp.bind(network),
        bindUdp,
      },
    });
  };
/** Every tenth of those it is true of. */
const now = (is: (text: string) => boolean, then: Send): Send => {
  let count = 0;
  return (text, send) => (is(text) && ++count % 10 === 0 ? then(text, send) : send(text));
};
const response = (status: RegExp) => (text: string) => status.test(text.slice(0, 11));
const request = (method: string) => (text: string) => text.startsWith(`${method} `);

describe('the watch notices', () => {
  let kept = '';
  const cases: readonly (readonly [string, RegExp, Send])[] = [
    [
      'a second final response',
      /a second final response/,
      now(response(/^SIP\/2.0 [3-6]/), (text, send) => {
        send(text);
        send(text.replace(/^SIP\/2.0 \d+ [^\r]*/, 'SIP/2.0 499 Another'));
      }),
    ],
    [
      'a final response that is never sent',
      /never answered/,
      (text, send) => response(/^SIP\/2.0 [2-6]/)(text) || send(text),
    ],
    [
      'responses in another order',
      /a provisional response after the final/,
      now(response(/^SIP\/2.0 [2-6]/), (text, send) => {
        send(text);
        send(text.replace(/^SIP\/2.0 \d+/, 'SIP/2.0 199'));
      }),
    ],
    [
      'a lost ACK',
      /refusals, \d+ ACKs/,
      now(
        (text) => request('ACK')(text) && !/\r\nVia:[^\r]*\r\nVia:/.test(text),
        () => {},
      ),
    ],
    ['a request that is never sent again', /was sent 1 times/, onlyOnce()],
    [
      'a byte of another call',
      /of another call/,
      now(
        () => true,
        (text, send) => {
          send(kept === '' ? text : text.replace(/X-Call: K\d+K/, `X-Call: ${kept}`));
          kept = /X-Call: (K\d+K)/.exec(text)?.[1] ?? kept;
        },
      ),
    ],
    [
      'a CANCEL nobody asked for',
      /CANCEL before any answer|CANCEL with/,
      now(request('INVITE'), (text, send) => {
        send(text);
        send(
          text
            .replace(/^INVITE/, 'CANCEL')
            .replace(/(\r\nCSeq: \d+) INVITE/, '$1 CANCEL')
            .replace(/(\r\nVia: [^\r]*)(\r\nVia: [^\r]*)+/, '$1'),
        );
      }),
    ],
    [
      'a branch that rings on',
      /a branch that rang is left alone/,
      (text, send) => request('CANCEL')(text) || send(text),
    ],
    [
      'a branch of nobody',
      /a branch without an owner/,
      now(request('MESSAGE'), (text, send) => send(text.replaceAll(/(;branch=z9hG4bK)/g, '$1n'))),
    ],
    [
      'a hop that is not counted',
      /Max-Forwards/,
      now(request('OPTIONS'), (text, send) => send(text.replace(/Max-Forwards: \d+/, 'Max-Forwards: 70'))),
    ],
    [
      'a response with the Vias of another',
      /Vias|never came/,
      now(response(/^SIP\/2.0 [2-6]/), (text, send) => send(text.replace(/;branch=[^;\r]+/, ';branch=z9hG4bKother'))),
    ],
  ];
  it.each(cases)('%s', async (_, violation, how) => {
    for (let seed = 1; seed < 9; seed++) {
      const { violations } = await simulate(seed, 60, { environment: sending(how) });
      if (violations.some((each) => violation.test(each))) return;
    }
    expect.fail('nothing was noticed in 8 worlds');
  });

  it('a timer that is never stopped', async () => {
    const leaking = (env: SimulatedEnvironment): SimulatedEnvironment => {
      const { clock } = env;
      let count = 0;
      const wrapped: Clock = {
        now: () => clock.now(),
        exactNow: () => clock.exactNow(),
        monotonic: () => clock.monotonic(),
        setTimer<T>(delayMs: number, fire: (subject: T) => void, subject?: T) {
          const timer = clock.setTimer(delayMs, fire as (subject: unknown) => void, subject);
          if (++count % 50 !== 0) return timer;
          return { cancel: () => timer.rearm(3_600_000), rearm: (ms: number) => timer.rearm(ms) };
        },
      };
      return Object.assign({}, env, { clock: wrapped });
    };
    const { violations } = await simulate(3, 60, { environment: leaking });
    expect(violations.some((each) => /timers are left/.test(each))).toBe(true);
  });
});

function onlyOnce(): Send {
  const seen = new Set<string>();
  return (text, send) => {
    if (/^(INVITE|MESSAGE|OPTIONS|BYE) /.test(text) && seen.has(text)) return;
    seen.add(text);
    send(text);
  };
}
