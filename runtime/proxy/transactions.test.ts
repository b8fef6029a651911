import { beforeEach, describe, expect, it } from 'vitest';
import { Bench, type Peer, type TestRun } from './testing.js';

const BOB = 'sip:bob@10.0.0.3';
const CAROL = 'sip:carol@10.0.0.4';

let bench: Bench;
let alice: Peer;
let bob: Peer;
let carol: Peer;
beforeEach(async () => {
  bench = await Bench.start();
  alice = await bench.peer('10.0.0.2');
  bob = await bench.peer('10.0.0.3');
  carol = await bench.peer('10.0.0.4');
});

const target = (uri: string) => ({
  uri,
  dstUri: null,
  path: null,
  q: -1,
  flags: 0,
  socket: null,
  instance: null,
  regId: 0,
  ruid: null,
  locationUa: null,
});
const branchOf = (text: string) => /branch=([^;\r]+)/.exec(text)?.[1];
/** Nothing is left of any transaction: table, timers. */
async function forgotten() {
  await bench.env.clock.runUntilIdle();
  expect(bench.tm.size).toBe(0);
  expect(bench.env.clock.pending).toBe(0);
}
/** Milliseconds from the first, of all messages with this start. */
const times = (peer: Peer, start: string) => {
  const at = peer.got.filter(({ text }) => text.startsWith(start)).map((g) => g.at);
  return at.map((t) => Math.round((t - at[0]!) / 10) * 10);
};

describe('INVITE', () => {
  it('a call: 100, 180, 200, and everything is forgotten after the wait timer', async () => {
    await alice.send(alice.make('INVITE', BOB));
    expect(alice.fresh).toEqual(['100 trying -- your call is important to us (INVITE)']);
    expect(bob.fresh).toEqual([`INVITE ${BOB}`]);
    expect(branchOf(bob.last)).toMatch(/^z9hG4bK[0-9a-f]{1,4}\.[0-9a-f]{32}\.0$/);
    await bob.answer(180);
    await bob.answer(200);
    expect(alice.fresh).toEqual(['180 Reason (INVITE)', '200 Reason (INVITE)']);
    expect(alice.last).not.toContain('10.0.0.1');
    await alice.send(alice.make('ACK', BOB, { branch: 'ack', to: 'tb' }));
    expect(bob.fresh).toEqual([`ACK ${BOB}`]);
    await forgotten();
  });

  it('retransmissions are answered with the last response and not forwarded', async () => {
    const invite = alice.make('INVITE', BOB);
    await alice.send(invite);
    await alice.send(invite);
    expect(alice.fresh).toEqual(Array(2).fill('100 trying -- your call is important to us (INVITE)'));
    await bob.answer(180);
    await alice.send(invite);
    expect(alice.fresh).toEqual(['180 Reason (INVITE)', '180 Reason (INVITE)']);
    expect(bob.fresh).toEqual([`INVITE ${BOB}`]);
  });

  it('is retransmitted at T1, doubling to T2, then 408 (timer A, B)', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bench.advance(31_000);
    expect(times(bob, 'INVITE')).toEqual([0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500]);
    expect(alice.fresh.at(-1)).toBe('408 Request Timeout (INVITE)');
    await forgotten();
  });

  it('a provisional response after the 408 gets the CANCEL', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bench.advance(30_500);
    await bob.answer(180);
    expect(bob.lines.at(-1)).toBe(`CANCEL ${BOB}`);
    expect(bob.last).toContain('Reason: SIP;cause=408\r\n');
    await forgotten();
  });

  it('is not retransmitted after a provisional response; rings out after fr_inv_timer with a CANCEL', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(180);
    await bench.advance(121_000);
    expect(bob.lines.slice(0, 2)).toEqual([`INVITE ${BOB}`, `CANCEL ${BOB}`]);
    expect(branchOf(bob.request('CANCEL'))).toBe(branchOf(bob.request('INVITE')));
    expect(alice.lines).toContain('408 Request Timeout (INVITE)');
    await forgotten();
  });

  it('a negative response is acknowledged here, retransmitted until the ACK, which is absorbed (timer G, H)', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(486);
    expect(bob.fresh).toEqual([`INVITE ${BOB}`, `ACK ${BOB}`]);
    expect(branchOf(bob.last)).toBe(branchOf(bob.request('INVITE')));
    expect(bob.last).toContain('To: <sip:bob@b>;tag=tb\r\n');
    expect(bob.last).toContain('CSeq: 1 ACK\r\n');
    await bench.advance(1600);
    expect(times(alice, 'SIP/2.0 486')).toEqual([0, 500, 1500]);
    await alice.send(alice.make('ACK', BOB, { to: 'tb' }));
    await bench.advance(10_000);
    expect(times(alice, 'SIP/2.0 486')).toEqual([0, 500, 1500]);
    expect(bob.fresh).toEqual([]);
    await forgotten();
  });

  it('a second 2xx is passed on (RFC 6026), a late one statelessly', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(200);
    await bob.answer(200);
    expect(alice.fresh.slice(1)).toEqual(['200 Reason (INVITE)', '200 Reason (INVITE)']);
    await bench.advance(6000);
    expect(bench.tm.size).toBe(0);
    await bob.answer(200);
    expect(alice.fresh).toEqual(['200 Reason (INVITE)']);
  });

  it('503 goes on as 500', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(503);
    expect(alice.fresh.at(-1)).toBe('500 Service Unavailable (INVITE)');
  });

  it('an error is answered when the route ends', async () => {
    await alice.send(alice.make('INVITE', 'sip:bob@nowhere.invalid'));
    await bench.advance(5000);
    expect(alice.lines).toContain('478 Unresolvable destination (478/TM) (INVITE)');
    await forgotten();
  });
});

describe('streams', () => {
  it('a refused connection is a failed send: 477', async () => {
    bench = await Bench.start(['udp:10.0.0.1:5060', 'tcp:10.0.0.1:5060']);
    alice = await bench.peer('10.0.0.2');
    await bench.peer('10.0.0.3');
    let verdict: unknown;
    bench.request = async (run) => {
      verdict = await run.tm.relay(run);
    };
    await alice.send(alice.make('INVITE', `${BOB}:5099;transport=tcp`));
    await bench.advance(100);
    expect(verdict).toBe(-1);
    expect(alice.lines.at(-1)).toBe('477 Unfortunately error on sending to next hop occurred (477/TM) (INVITE)');
    await forgotten();
  });
});

describe('other requests', () => {
  it('are retransmitted up to T2, slower after a provisional response, then 408 (timer E, F)', async () => {
    await alice.send(alice.make('MESSAGE', BOB));
    await bench.advance(800);
    await bob.answer(100, 'MESSAGE');
    await bench.advance(29_000);
    expect(times(bob, 'MESSAGE')).toEqual([0, 500, 4820, 8820, 12820, 16820, 20820, 24820, 28820]);
    await bench.advance(3000);
    expect(alice.fresh.at(-1)).toBe('408 Request Timeout (MESSAGE)');
    await forgotten();
  });
  it('the final response is repeated for retransmissions (timer J)', async () => {
    const bye = alice.make('BYE', BOB);
    await alice.send(bye);
    await bob.answer(200, 'BYE');
    await alice.send(bye);
    expect(alice.fresh).toEqual(['200 Reason (BYE)', '200 Reason (BYE)']);
    expect(bob.fresh).toEqual([`BYE ${BOB}`]);
    await forgotten();
  });
});

describe('CANCEL', () => {
  it('of a ringing call: 200 at once, CANCEL onwards with the same branch, 487', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(180);
    await alice.send(alice.make('CANCEL', BOB, { headers: 'Reason: SIP;cause=200;text="elsewhere"' }));
    expect(alice.fresh.at(-1)).toBe('200 canceling (CANCEL)');
    expect(bob.fresh).toEqual([`INVITE ${BOB}`, `CANCEL ${BOB}`]);
    expect(branchOf(bob.last)).toBe(branchOf(bob.request('INVITE')));
    expect(bob.last).toContain('CSeq: 1 CANCEL\r\n');
    expect(bob.last).toContain('Reason: SIP;cause=200;text="elsewhere"\r\n');
    await bob.answer(200, 'CANCEL');
    await bob.answer(487);
    expect(alice.fresh).toEqual(['487 Reason (INVITE)']);
    expect(bob.fresh).toEqual([`ACK ${BOB}`]);
    await alice.send(alice.make('ACK', BOB, { to: 'tb' }));
    await forgotten();
  });

  it('before any response: waits for one (cancel_b_method 1)', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await alice.send(alice.make('CANCEL', BOB));
    expect(alice.fresh.at(-1)).toBe('200 canceling (CANCEL)');
    expect(bob.fresh).toEqual([`INVITE ${BOB}`]);
    await bob.answer(100);
    expect(bob.fresh).toEqual([`CANCEL ${BOB}`]);
    await bob.answer(487);
    expect(alice.fresh).toEqual(['487 Reason (INVITE)']);
    await forgotten();
  });

  it('before any response, 487 made up (cancel_b_method 0)', async () => {
    bench.tm.settings.cancelBranchMethod = 0;
    await alice.send(alice.make('INVITE', BOB));
    await alice.send(alice.make('CANCEL', BOB));
    expect(alice.lines.sort()).toEqual([
      '100 trying -- your call is important to us (INVITE)',
      '200 canceling (CANCEL)',
      '487 Request Terminated (INVITE)',
    ]);
    await forgotten();
  });

  it('sent at once all the same (cancel_b_method 2)', async () => {
    bench.tm.settings.cancelBranchMethod = 2;
    await alice.send(alice.make('INVITE', BOB));
    await alice.send(alice.make('CANCEL', BOB));
    expect(bob.fresh).toEqual([`INVITE ${BOB}`, `CANCEL ${BOB}`]);
    await forgotten();
  });

  it('crossing the 200: nothing is canceled', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(200);
    await alice.send(alice.make('CANCEL', BOB));
    expect(alice.fresh.at(-1)).toBe('200 ok -- no more pending branches (CANCEL)');
    expect(bob.fresh).toEqual([`INVITE ${BOB}`]);
    await forgotten();
  });

  it('without its INVITE is relayed as a request of its own', async () => {
    await alice.send(alice.make('CANCEL', BOB));
    expect(bob.fresh).toEqual([`CANCEL ${BOB}`]);
    await forgotten();
  });

  it('nobody answers it: the INVITE times out', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await alice.send(alice.make('CANCEL', BOB));
    await bench.advance(31_000);
    expect(alice.lines).toContain('487 Request Terminated (INVITE)');
    await forgotten();
  });
});

describe('forking', () => {
  beforeEach(() => {
    bench.request = (run: TestRun) => {
      if (run.msg.method === 'INVITE') run.draft.addBranch(target(CAROL));
      return run.tm.relay(run);
    };
  });

  it('the first 2xx wins; the others are canceled with a Reason', async () => {
    await alice.send(alice.make('INVITE', BOB));
    expect([branchOf(bob.last)?.slice(-2), branchOf(carol.last)?.slice(-2)]).toEqual(['.0', '.1']);
    await bob.answer(180);
    await carol.answer(180);
    await carol.answer(200);
    expect(alice.fresh.slice(1)).toEqual(['180 Reason (INVITE)', '180 Reason (INVITE)', '200 Reason (INVITE)']);
    expect(bob.fresh).toEqual([`INVITE ${BOB}`, `CANCEL ${BOB}`]);
    expect(bob.last).toContain('Reason: SIP;cause=200;text="Call completed elsewhere"\r\n');
    await bob.answer(200, 'CANCEL');
    await bob.answer(487);
    expect(bob.fresh).toEqual([`ACK ${BOB}`]);
    expect(alice.fresh).toEqual([]);
    await forgotten();
  });

  const best: readonly [number, number, string][] = [
    [404, 486, '404'],
    [486, 404, '404'],
    [486, 401, '401'],
    [500, 486, '486'],
    [302, 486, '302'],
    [404, 603, '603'],
    [302, 603, '603'],
    [407, 404, '407'],
    [480, 484, '484'],
  ];
  it.each(best)('%i and %i: %s goes upstream (RFC 3261 §16.7 item 6)', async (first, second, expected) => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(first);
    expect(alice.fresh).toHaveLength(1);
    await carol.answer(second);
    expect(alice.fresh.map((l) => l.slice(0, 3))).toEqual([expected]);
    await forgotten();
  });

  it('challenges of all branches in one response', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(407, 'INVITE', 'tb', 'Proxy-Authenticate: Digest realm="b"');
    await carol.answer(401, 'INVITE', 'tc', 'WWW-Authenticate: Digest realm="c"');
    expect(alice.last).toMatch(/^SIP\/2.0 401 Unauthorized/);
    expect(alice.last).toContain('realm="b"');
    expect(alice.last).toContain('realm="c"');
  });

  it('a 6xx cancels the others, and is sent once they are done', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await carol.answer(180);
    await bob.answer(603);
    expect(carol.fresh).toEqual([`INVITE ${CAROL}`, `CANCEL ${CAROL}`]);
    expect(alice.fresh.at(-1)).toBe('180 Reason (INVITE)');
    await carol.answer(487);
    expect(alice.fresh).toEqual(['603 Reason (INVITE)']);
    await forgotten();
  });

  it('CANCEL ends all branches', async () => {
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(180);
    await carol.answer(180);
    await alice.send(alice.make('CANCEL', BOB));
    expect([bob.fresh.at(-1), carol.fresh.at(-1)]).toEqual([`CANCEL ${BOB}`, `CANCEL ${CAROL}`]);
    await bob.answer(487);
    await carol.answer(487);
    expect(alice.lines.filter((l) => l.startsWith('487'))).toHaveLength(1);
    await forgotten();
  });

  it('one branch that cannot be resolved does not stop the other', async () => {
    bench.request = (run: TestRun) => {
      run.draft.addBranch(target('sip:x@nowhere.invalid'));
      return run.tm.relay(run);
    };
    await alice.send(alice.make('INVITE', BOB));
    await bench.advance(100);
    expect(bob.fresh).toEqual([`INVITE ${BOB}`]);
  });
});

describe('routes', () => {
  const armed = (run: TestRun) => {
    run.armed.failure = 'F';
    run.armed.branch = 'B';
    run.armed.reply = 'R';
    return run.tm.relay(run);
  };

  it('failure route: a new branch after busy; its response replaces the first (failure_reply_mode 3)', async () => {
    bench.request = (run) => (run.msg.method === 'INVITE' ? armed(run) : run.tm.relay(run));
    const seen: unknown[] = [];
    bench.failures.F = (run) => {
      seen.push([run.tm.pickedStatus(run.transaction!), run.reply?.status, run.draft.uri]);
      run.draft.uri = CAROL;
      return run.tm.relay(run);
    };
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(486);
    expect(seen).toEqual([[486, 486, null]]);
    expect(carol.fresh).toEqual([`INVITE ${CAROL}`]);
    expect(branchOf(carol.last)?.endsWith('.1')).toBe(true);
    await carol.answer(404);
    expect(alice.fresh.slice(1)).toEqual(['404 Reason (INVITE)']);
    expect(seen).toHaveLength(1);
    await forgotten();
  });

  it('failure route that does nothing: the response goes on; one that answers: that answer', async () => {
    bench.request = armed;
    bench.failures.F = (run) => {
      if (run.reply?.status === 404) run.tm.reply(run, 480, 'Not here');
    };
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(486);
    await alice.send(alice.make('INVITE', BOB, { callId: 'two', branch: 'b2' }));
    await bob.answer(404);
    expect(alice.lines.filter((l) => !l.startsWith('100'))).toEqual(['486 Reason (INVITE)', '480 Not here (INVITE)']);
    await forgotten();
  });

  it('a failure route that waits holds the transaction: what comes meanwhile follows in order', async () => {
    bench.request = (run) => (run.msg.method === 'INVITE' ? armed(run) : run.tm.relay(run));
    bench.failures.F = async (run) => {
      await new Promise<void>((go) => bench.env.clock.setTimer(1000, go));
      run.draft.uri = CAROL;
      return run.tm.relay(run);
    };
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(486);
    await bench.advance(700);
    expect(carol.fresh).toEqual([]);
    await alice.send(alice.make('CANCEL', BOB));
    await bench.advance(400);
    // Canceled meanwhile: no branch is added any more.
    expect(carol.fresh).toEqual([]);
    expect(alice.lines.filter((l) => l.startsWith('487'))).toHaveLength(1);
    await forgotten();
  });

  it('branch route: each branch has its own edits; drop takes the branch out', async () => {
    bench.request = (run) => {
      run.draft.addBranch(target(CAROL));
      return armed(run);
    };
    bench.branches.B = (run) => {
      if (run.draft.uri === CAROL) {
        run.dropped = true;
        return;
      }
      run.draft.edits.insert(run.msg.headersEnd, 'X-Branch: one\r\n');
    };
    await alice.send(alice.make('INVITE', BOB));
    expect(bob.last).toContain('X-Branch: one\r\n');
    expect(carol.got).toEqual([]);
  });

  it('reply route: edits reach the caller, a dropped 1xx does not', async () => {
    bench.request = armed;
    bench.replies.R = (run) => {
      if (run.msg.status === 180) run.dropped = true;
      run.draft.edits.insert(run.msg.headersEnd, 'X-Reply: yes\r\n');
    };
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(180);
    await bob.answer(200);
    expect(alice.fresh.slice(1)).toEqual(['200 Reason (INVITE)']);
    expect(alice.last).toContain('X-Reply: yes\r\n');
  });

  it('edits made before relaying are in the failure route, its own are gone afterwards', async () => {
    bench.request = (run) => {
      run.draft.edits.insert(run.msg.headersEnd, 'X-Main: yes\r\n');
      run.armed.failure = 'F';
      return run.tm.relay(run);
    };
    let round = 0;
    bench.failures.F = (run) => {
      round++;
      run.draft.edits.insert(run.msg.headersEnd, `X-Failure: ${round}\r\n`);
      if (run.transaction && round === 1) run.transaction.onFailure = 'F';
      run.draft.uri = round === 1 ? CAROL : 'sip:dave@10.0.0.3';
      return run.tm.relay(run);
    };
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(486);
    await carol.answer(486);
    const last = bob.request('INVITE');
    expect(last).toContain('INVITE sip:dave@10.0.0.3 ');
    expect(last).toContain('X-Main: yes\r\nX-Failure: 2\r\n');
    expect(last).not.toContain('X-Failure: 1');
  });

  it('relaying again without a new target is an error', async () => {
    bench.request = armed;
    let verdict: unknown;
    bench.failures.F = (run) => {
      verdict = run.tm.relay(run);
    };
    await alice.send(alice.make('INVITE', BOB));
    await bob.answer(486);
    expect(verdict).toBe(-1);
    expect(alice.fresh.at(-1)).toBe('486 Reason (INVITE)');
  });
});

describe('local answers', () => {
  it('have our To-tag, are retransmitted, and their ACK is absorbed', async () => {
    bench.request = (run) => {
      if (run.tm.checkTransaction(run) === 0) return;
      run.tm.create(run);
      run.tm.reply(run, 404, 'Not here');
    };
    await alice.send(alice.make('INVITE', BOB));
    const tag = /To:.*;tag=([^\r;]+)/.exec(alice.last)?.[1];
    expect(tag).toMatch(/^[0-9a-f]{32}-[0-9a-f]{8}$/);
    await bench.advance(600);
    expect(alice.fresh).toEqual(['404 Not here (INVITE)', '404 Not here (INVITE)']);
    await alice.send(alice.make('ACK', BOB, { to: tag }));
    await bench.advance(3000);
    expect(alice.fresh).toEqual([]);
    expect(bob.got).toEqual([]);
    await forgotten();
  });
  it('a transaction nobody answers is released when the route ends', async () => {
    bench.request = (run) => void run.tm.create(run);
    await alice.send(alice.make('OPTIONS', BOB));
    expect(bench.env.log.texts('tm')).toContain("script writer didn't release transaction");
    await forgotten();
  });
});
