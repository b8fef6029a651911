/**
 * A route run for tests of module functions that read and write only the message and the draft. What a function under
 * test must not touch is not there: using it is a TypeError.
 */
import { Draft, defaultGrammar, parseUri, type SipMessage, type SipUri } from '../../runtime/message/index.js';
import type { RouteContext } from '../../runtime/sdk/context.js';
import type { Verdict } from '../../runtime/sdk/define.js';

export interface FakeRun {
  readonly ctx: RouteContext;
  /** Answers given through sl, in order. */
  readonly answers: { status: number; reason: string }[];
}

export function fakeRun(msg: SipMessage, kind: RouteContext['kind'] = 'request', nowMs = 0): FakeRun {
  const answers: { status: number; reason: string }[] = [];
  const run = {
    kind,
    msg,
    draft: new Draft(),
    rc: 1,
    dropped: false,
    transaction: null,
    branch: null,
    reply: null,
    underWay: null,
    vars: {},
    grammar: defaultGrammar,
    data: new Map<string, unknown>(),
    server: {
      env: { clock: { now: () => nowMs, exactNow: () => nowMs } },
      transports: { isMyself: (host: string) => host === '127.0.0.1' },
    },
    get uri(): string {
      return run.draft.uri ?? run.msg.requestUri;
    },
    get requestUri(): SipUri | null {
      return parseUri(run.uri, defaultGrammar);
    },
  };
  return { ctx: run as unknown as RouteContext, answers };
}

/** `me` of a module without start-up: its parameters' defaults unless given, state as `state()` makes it. */
export function fakeSelf<P extends object>(params: P, run: FakeRun, state: unknown = undefined) {
  const sl = {
    reply(_ctx: RouteContext, status: number, reason: string): Verdict {
      run.answers.push({ status, reason });
      return 1;
    },
  };
  return {
    name: '',
    params,
    stats: {},
    state,
    uses: { get: <Api>(): Api => sl as Api, find: <Api>(): Api | null => sl as Api },
  };
}
