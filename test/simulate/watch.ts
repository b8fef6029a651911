/**
 * What must hold at a proxy's own doors, whatever the network and its peers do. A watch sees each message that comes in and goes
 * out and nothing of the proxy's inside.
 *
 *   a request in      ends with one final response upstream (or none, where the script drops it); after it no provisional one,
 *                     and no other final but a 2xx to an INVITE (RFC 3261 §16.7 item 5); each with the request's Vias
 *   a request out     belongs to a request in (same Via below, From, Call-ID, CSeq; one hop less), is the same each time it is
 *                     sent; a CANCEL or ACK belongs to an INVITE out, a CANCEL to one that has had an answer (§9.1)
 *   an 18x in         goes upstream before the final response of the same phone
 *   a 2xx in          goes upstream, if it is to an INVITE whose branch was not refused before
 *   a refusal in      is acknowledged each time it comes (§17.1.1.3)
 *   an INVITE out     that rings when the call is over elsewhere is canceled (§16.7 item 10)
 *   over datagrams    what is not answered is sent again
 *   any message       carries the mark of its own call and of no other
 */
import type { Environment, StreamConnection } from '../../runtime/env.js';
import { branchOf, Framer, param, readSip, type Sip, sentBy } from './sip.js';

/** In ms, less than the proxies remember a transaction (proxy.cfg, `wt_timer`). */
const REMEMBERED_MS = 38_000;
/** By then what is sent at T1 and doubling has gone out four times. */
const FOUR_SENDS_MS = 3_700;
/** tm's max_inv_lifetime and max_noninv_lifetime: a branch that begins shortly before is cut short. */
const INVITE_LIFE_MS = 180_000;
const OTHER_LIFE_MS = 32_000;
/** An ACK may wait this long behind a request of its call whose route waits for a name. */
const HELD_UP_MS = 9_000;
/** Less than fr_timer. */
const EARLY_MS = 3_900;
const MAX_VIOLATIONS = 20;

/** A request that came in, and what was answered. */
interface Asked {
  readonly sip: Sip;
  readonly atMs: number;
  readonly stream: boolean;
  /** Forwarded without a transaction, or dropped by the script. */
  readonly untracked: boolean;
  readonly finals: { readonly text: string; readonly status: number; readonly atMs: number; sends: number }[];
  ackedMs: number;
  canceledMs: number;
  /** A branch said 408 itself. */
  timedOutBelow: boolean;
  /** Tags of 2xx to an INVITE that have not gone upstream yet. */
  readonly successes: Set<string>;
  /** Tags of 18x to an INVITE that have not gone upstream yet: a final response of the same phone may not overtake them. */
  readonly early: Set<string>;
  lastInMs: number;
}
/** A request that went out, and what came back. */
interface Sent {
  readonly sip: Sip;
  readonly to: string;
  readonly atMs: number;
  readonly owner: Asked;
  readonly stream: boolean;
  sends: number;
  firstAnswerMs: number;
  ringingMs: number;
  final: number;
  refused: boolean;
  refusals: number;
  acks: number;
  canceled: boolean;
}

export class Watch {
  readonly violations: string[] = [];
  messages = 0;
  readonly statuses = new Set<number>();
  /** The messages of this call, for a picture of what happened. */
  readonly trace: string[] = [];
  readonly #asked = new Map<string, Asked>();
  readonly #sent = new Map<string, Sent>();
  /** Responses to nothing sent from here: passed on by their second Via. */
  readonly #foreign = new Set<string>();

  constructor(
    readonly name: string,
    private readonly now: () => number,
    private readonly silentTimeouts: boolean,
    private readonly traced: string,
  ) {}

  #violation(sip: Sip, what: string): undefined {
    if (this.violations.length < MAX_VIOLATIONS)
      this.violations.push(
        `${this.name} at ${Math.round(this.now())} ms: ${what} [${sip.status || sip.uri} ${sip.method} ${sip.callId}]`,
      );
  }
  #note(way: string, sip: Sip): void {
    if (this.traced === '' || !sip.callId.startsWith(this.traced)) return;
    const what = sip.status === 0 ? `${sip.method} ${sip.uri}` : `${sip.status} to ${sip.cseq}`;
    this.trace.push(
      `${Math.round(this.now()).toString().padStart(7)} ${this.name} ${way} ${what} ${branchOf(sip.vias[0]!)}`,
    );
  }

  in(text: string, stream: boolean, from: string): void {
    const sip = readSip(text);
    if (sip === null) return;
    this.#note(`<- ${from}`, sip);
    if (sip.status > 0) this.#responseIn(sip);
    else this.#requestIn(sip, stream);
  }
  #requestIn(sip: Sip, stream: boolean): void {
    const key = keyOf(sip);
    if (sip.method === 'ACK') {
      const invite = this.#asked.get(key.replace(/ACK$/, 'INVITE'));
      if (invite && invite.ackedMs < 0) invite.ackedMs = this.now();
      else if (!invite) this.#asked.set(key, this.#newAsked(sip, stream));
      return;
    }
    if (sip.method === 'CANCEL') {
      const invite = this.#asked.get(key.replace(/CANCEL$/, 'INVITE'));
      // The script drops a CANCEL of nothing.
      if (!invite) return;
    }
    const known = this.#asked.get(key);
    if (known) known.lastInMs = this.now();
    else this.#asked.set(key, this.#newAsked(sip, stream));
  }
  #newAsked(sip: Sip, stream: boolean): Asked {
    const user = /^sip:(\w+)-/.exec(sip.uri)?.[1];
    return {
      sip,
      atMs: this.now(),
      stream,
      untracked: user === 'drop' || (user === 'thin' && sip.method !== 'INVITE') || sip.method === 'ACK',
      finals: [],
      ackedMs: -1,
      canceledMs: -1,
      timedOutBelow: false,
      successes: new Set(),
      early: new Set(),
      lastInMs: this.now(),
    };
  }
  #responseIn(sip: Sip): void {
    const sent = this.#sent.get(`${branchOf(sip.vias[0]!)} ${sip.method}`);
    if (!sent || sent.sip.callId !== sip.callId) {
      if (branchOf(sip.vias[0]!) !== '') this.#foreign.add(foreignKey(sip, sip.vias.slice(1)));
      return;
    }
    if (sent.owner.untracked) return;
    const now = this.now();
    if (sent.firstAnswerMs < 0) sent.firstAnswerMs = now;
    if (sip.status < 200) {
      if (sent.ringingMs < 0) sent.ringingMs = now;
      const open = sent.final === 0 && !sent.canceled && sent.owner.finals.length === 0;
      // Within the shortest time a branch is waited for.
      if (sip.method === 'INVITE' && sip.status > 100 && open && !sent.stream && now - sent.atMs < EARLY_MS)
        sent.owner.early.add(param(sip.to, 'tag'));
      return;
    }
    if (sent.final === 0) sent.final = sip.status;
    // Also behind a 2xx: what another proxy forked it to may answer in any order.
    if (sip.status >= 300) sent.refused = true;
    if (sip.status === 408) sent.owner.timedOutBelow = true;
    const over = sent.owner.finals[0]?.atMs ?? now;
    // A refused branch is Completed: a 2xx behind the refusal goes no further (RFC 3261 figure 5, tm too).
    if (sip.method === 'INVITE' && sip.status < 300 && sent.final < 300 && !sent.stream)
      sent.owner.successes.add(param(sip.to, 'tag'));
    if (sip.method === 'INVITE' && sip.status >= 300 && now - over < REMEMBERED_MS) sent.refusals++;
  }

  out(text: string, to: string, stream: boolean): void {
    this.messages++;
    const sip = readSip(text);
    if (sip === null) {
      if (this.violations.length < MAX_VIOLATIONS)
        this.violations.push(`${this.name}: sent what is not SIP: ${JSON.stringify(text.slice(0, 80))}`);
      return;
    }
    this.#note(`-> ${to}`, sip);
    this.#onlyOwnMarks(sip);
    if (sip.status > 0) this.#responseOut(sip);
    else this.#requestOut(sip, to, stream);
  }
  #onlyOwnMarks(sip: Sip): undefined {
    const own = /\d+K/.exec(sip.callId)?.[0];
    for (const [mark] of sip.text.matchAll(/K\d+K/g))
      if (mark.slice(1) !== own) return this.#violation(sip, `carries ${mark} of another call`);
    return undefined;
  }

  #responseOut(sip: Sip): undefined {
    if (this.#foreign.has(foreignKey(sip, sip.vias))) return;
    const asked = this.#asked.get(keyOf(sip));
    if (!asked) return this.#violation(sip, 'a response to a request that never came');
    if (asked.untracked) return undefined;
    if (asked.sip.vias.length !== sip.vias.length || !sameVias(asked.sip, sip))
      return this.#violation(sip, 'a response with other Vias than its request has');
    if (sip.callId !== asked.sip.callId || sip.cseq !== asked.sip.cseq || sip.from !== asked.sip.from)
      return this.#violation(sip, 'a response with another From, Call-ID or CSeq');
    this.statuses.add(sip.status);
    const tag = param(sip.to, 'tag');
    asked.successes.delete(tag);
    const first = asked.finals[0];
    const late = first !== undefined && this.now() - first.atMs > REMEMBERED_MS;
    const before = asked.finals.find((each) => each.text === sip.text);
    if (before) {
      before.sends++;
      if (
        !late &&
        asked.ackedMs >= 0 &&
        before.status >= 300 &&
        this.now() > Math.max(asked.ackedMs, asked.lastInMs) + HELD_UP_MS
      )
        this.#violation(sip, 'a refusal is sent again after its ACK');
      return undefined;
    }
    if (sip.status < 200) {
      if (first && !late) this.#violation(sip, `a provisional response after the final ${first.status}`);
      asked.early.delete(tag);
      return undefined;
    }
    if (!first && asked.early.has(tag)) this.#violation(sip, 'a final response overtook a provisional one');
    const success = sip.method === 'INVITE' && sip.status < 300;
    if (first && !success && !late) this.#violation(sip, `a second final response after ${first.status}`);
    asked.finals.push({ text: sip.text, status: sip.status, atMs: this.now(), sends: 1 });
    // Taken up only now: it may have waited behind another request of its call.
    const invite = sip.method === 'CANCEL' ? this.#asked.get(keyOf(sip).replace(/CANCEL$/, 'INVITE')) : undefined;
    if (invite && invite.canceledMs < 0) invite.canceledMs = this.now();
    return undefined;
  }

  #requestOut(sip: Sip, to: string, stream: boolean): undefined {
    const branch = branchOf(sip.vias[0]!);
    const known = this.#sent.get(`${branch} ${sip.method}`);
    if (known) {
      known.sends++;
      if (known.sip.text !== sip.text && !known.owner.untracked)
        this.#violation(sip, 'a request sent again is another one');
      // A moment: the answer may wait behind another one in a route.
      else if (sip.method === 'INVITE' && known.firstAnswerMs >= 0 && this.now() > known.firstAnswerMs + 200)
        this.#violation(sip, 'an INVITE is sent again after its answer');
      else if (known.to !== to && !known.owner.untracked)
        this.#violation(sip, `a request sent again goes to ${to}, not ${known.to}`);
      return;
    }
    if (sip.vias.length === 1 && (sip.method === 'ACK' || sip.method === 'CANCEL')) {
      this.#ofInvite(sip, branch, to);
      return;
    }
    const owner = this.#asked.get(keyOf(sip, 1));
    if (!owner) return this.#violation(sip, 'a branch without an owner');
    if (sip.maxForwards !== owner.sip.maxForwards - 1)
      this.#violation(sip, `Max-Forwards ${sip.maxForwards} after ${owner.sip.maxForwards}`);
    const { from, to: toHeader, callId, cseq } = owner.sip;
    if (sip.from !== from || sip.to !== toHeader || sip.callId !== callId || sip.cseq !== cseq)
      this.#violation(sip, 'a request with another From, To, Call-ID or CSeq than it came with');
    if (sip.method === 'CANCEL') this.#violation(sip, 'a CANCEL passed on with the Via of who sent it');
    this.#sent.set(`${branch} ${sip.method}`, {
      sip,
      to,
      atMs: this.now(),
      owner,
      stream,
      sends: 1,
      firstAnswerMs: -1,
      ringingMs: -1,
      final: 0,
      refused: false,
      refusals: 0,
      acks: 0,
      canceled: false,
    });
    return undefined;
  }
  /** An ACK or a CANCEL made here. */
  #ofInvite(sip: Sip, branch: string, to: string): undefined {
    const invite = this.#sent.get(`${branch} INVITE`);
    if (!invite) return this.#violation(sip, `${sip.method} without an INVITE`);
    if (invite.to !== to) return this.#violation(sip, `${sip.method} goes to ${to}, the INVITE went to ${invite.to}`);
    if (sip.uri !== invite.sip.uri || sip.from !== invite.sip.from)
      this.#violation(sip, `${sip.method} with another Request-URI or From than its INVITE`);
    if (sip.method === 'ACK') {
      if (!invite.refused) return this.#violation(sip, 'an ACK to nothing');
      invite.acks++;
      return undefined;
    }
    if (invite.firstAnswerMs < 0) return this.#violation(sip, 'a CANCEL before any answer');
    invite.canceled = true;
    invite.owner.early.clear();
    return undefined;
  }

  /** When all has come to rest. */
  finish(): void {
    for (const asked of this.#asked.values()) if (!asked.untracked) this.#wasAnswered(asked);
    for (const sent of this.#sent.values()) if (!sent.owner.untracked) this.#wasEnded(sent);
  }
  #wasAnswered({ sip, stream, finals, ackedMs, canceledMs, timedOutBelow, successes }: Asked): void {
    if (successes.size > 0 && !stream) this.#violation(sip, `a 2xx that did not go upstream: ${[...successes].join()}`);
    const first = finals[0];
    const invite = sip.method === 'INVITE';
    if (!first) {
      // RFC 4320 §4.2; and nobody can be answered whose connection is gone.
      if (!stream && !(this.silentTimeouts && !invite)) this.#violation(sip, 'a request that was never answered');
      return;
    }
    if (canceledMs >= 0 && canceledMs < first.atMs && first.status === 408 && !timedOutBelow)
      this.#violation(sip, 'a canceled request ends with 408');
    if (!invite || stream || first.status < 300) return;
    const waited = (ackedMs < 0 ? Number.POSITIVE_INFINITY : ackedMs) - first.atMs;
    const rest = finals.length === 1;
    if (rest && waited > FOUR_SENDS_MS && first.sends < 3)
      this.#violation(sip, `a refusal nobody acknowledged was sent ${first.sends} times`);
  }
  #wasEnded(sent: Sent): void {
    const { sip, owner, stream } = sent;
    const over = owner.finals[0]?.atMs ?? Number.POSITIVE_INFINITY;
    if (stream) return;
    if (sent.acks < sent.refusals) this.#violation(sip, `${sent.refusals} refusals, ${sent.acks} ACKs`);
    const heard = Math.min(
      sent.firstAnswerMs < 0 ? Number.POSITIVE_INFINITY : sent.firstAnswerMs,
      owner.canceledMs < 0 ? Number.POSITIVE_INFINITY : owner.canceledMs,
      over,
    );
    const endOfLife = owner.atMs + (sip.method === 'INVITE' ? INVITE_LIFE_MS : OTHER_LIFE_MS);
    if (Math.min(heard, endOfLife) > sent.atMs + FOUR_SENDS_MS && sent.sends < 3)
      this.#violation(sip, `a request nobody answered was sent ${sent.sends} times`);
    const rang = sip.method === 'INVITE' && sent.ringingMs >= 0 && sent.final === 0;
    if (rang && sent.ringingMs < Math.min(over, sent.atMs) + REMEMBERED_MS && !sent.canceled)
      this.#violation(sip, 'a branch that rang is left alone');
  }
}

const keyOf = (sip: Sip, via = 0): string => {
  const value = sip.vias[via] ?? '';
  return `${branchOf(value)} ${sentBy(value)} ${sip.method}`;
};
const foreignKey = (sip: Sip, vias: readonly string[]): string =>
  `${sip.status} ${sip.callId} ${sip.cseq} ${vias.map(branchOf).join(' ')}`;
const sameVias = (a: Sip, b: Sip): boolean => a.vias.every((via, i) => branchOf(via) === branchOf(b.vias[i]!));

const textOf = ({ ip, port }: { readonly ip: string; readonly port: number }): string => `${ip}:${port}`;

/** The same environment with somebody at its doors. */
export function watched<E extends Environment>(env: E, watch: Watch): E {
  const { network } = env;
  const attend = (stream: StreamConnection): StreamConnection => {
    const peer = textOf(stream.remote);
    const framer = new Framer((text) => watch.in(text, true, peer));
    let take: (bytes: string) => void = () => {};
    const write = stream.write.bind(stream);
    stream.write = (bytes) => {
      const taken = write(bytes);
      if (taken && bytes.length > 4) watch.out(bytes, peer, true);
      return taken;
    };
    Object.defineProperty(stream, 'onData', {
      get: () => (bytes: string) => {
        framer.push(bytes);
        take(bytes);
      },
      set: (then: (bytes: string) => void) => {
        take = then;
      },
    });
    return stream;
  };
  return {
    ...env,
    network: {
      ...network,
      localAddresses: () => network.localAddresses(),
      async bindUdp(at, onMessage) {
        const socket = await network.bindUdp(at, (text, from) => {
          watch.in(text, false, textOf(from));
          onMessage(text, from);
        });
        return {
          local: socket.local,
          send(text, to, failed) {
            watch.out(text, textOf(to), false);
            return socket.send(text, to, failed);
          },
          close: () => socket.close(),
        };
      },
      listenTcp: (at, onConnection) => network.listenTcp(at, (stream) => onConnection(attend(stream))),
      connectTcp: async (to, options) => attend(await network.connectTcp(to, options)),
    },
  };
}
