/**
 * Runs the program's route blocks: what the receive path and the transaction layer call when one is due.
 *
 * A run never throws: an error in a module or in our own code is logged with the cfg line, and the message is answered
 * with 500 where that is still possible.
 */

import type { LogLevel } from '../env.js';
import { Draft } from '../message/draft.js';
import { indexMessage, ParseFailure, SipMessage } from '../message/message.js';
import type { Arrival, LoadedConfig, RouteContext, RunValues, ServerApi, ServerScript } from '../sdk/context.js';
import { EXIT, type RouteKind, type Verdict } from '../sdk/define.js';
import type { Maybe } from '../transaction/steps.js';
import type { Branch, Transaction } from '../transaction/transaction.js';
import type { RouteRun, TransactionScript } from '../transaction/types.js';
import type { NextHop, ReceiveInfo } from '../transport/types.js';
import { Context, isRunValues } from './context.js';
import { CallOrder, type Job } from './order.js';
import type { Program, RouteFunction } from './program.js';
import type { SourceLines } from './source-lines.js';

const MSG_RECEIVED = 'core:msg-received';
const PRE_ROUTING = 'core:pre-routing';
const PARSE_ERROR = 'core:receive-parse-error';

export interface RunnerOptions {
  readonly server: ServerApi;
  readonly program: Program;
  readonly lines: SourceLines;
  /** Evaluates `log_prefix`; null when none is set. */
  readonly logPrefix: ((ctx: Context) => string) | null;
}

export class Runner implements TransactionScript, ServerScript {
  readonly #server: ServerApi;
  readonly #program: Program;
  readonly #lines: SourceLines;
  readonly #logPrefix: ((ctx: Context) => string) | null;
  readonly #order = new CallOrder();
  /** What runs for every message, when the program has it. */
  readonly #arrivalRoute: RouteFunction | undefined;
  readonly #preRouting: RouteFunction | undefined;
  readonly config: LoadedConfig;
  readonly hasOnsend: boolean;
  /** First values of `$var`s that are not 0. */
  readonly presets = new Map<string, string | number>();

  constructor(options: RunnerOptions) {
    this.#server = options.server;
    this.#program = options.program;
    this.#lines = options.lines;
    this.#logPrefix = options.logPrefix;
    this.config = options.server.config;
    this.hasOnsend = options.program.onsend_route !== null;
    this.#arrivalRoute = own(options.program.event_route, MSG_RECEIVED);
    this.#preRouting = own(options.program.event_route, PRE_ROUTING);
  }
  /** Runs that wait now. */
  get inFlight(): number {
    return this.#order.inFlight;
  }

  // The receive path -------------------------------------------------------------------------------------------

  rewrite: ServerScript['rewrite'] = null;

  /** `event_route[core:msg-received]` (receive.c, ksr_evrt_received()): the bytes as it leaves them; null: nothing goes further. */
  arrived(bytes: string, received: ReceiveInfo): Maybe<string | null> {
    const route = this.#arrivalRoute;
    if (route === undefined) return bytes;
    const ctx = this.context('event', `event_route[${MSG_RECEIVED}]`, this.#server.detachedRun().msg, new Draft());
    const arrival: Arrival = { bytes, received };
    ctx.arrival = arrival;
    // The code of its last action counts too, unless it is `exit`.
    const ended = (verdict: Verdict) => (ctx.dropped || (verdict !== EXIT && verdict < 0) ? null : arrival.bytes);
    const running = this.execute(ctx, route);
    return running instanceof Promise ? running.then(ended) : ended(running);
  }
  /** `event_route[core:receive-parse-error]` (events.c, sr_core_ert_run()): sees what is dropped, as far as it can be read. */
  unreadable(bytes: string, received: ReceiveInfo): void {
    if (!this.hasEvent(PARSE_ERROR)) return;
    const { grammar } = this.#server;
    const msg = indexMessage(bytes, received, grammar);
    void this.runEvent(PARSE_ERROR, msg instanceof ParseFailure ? SipMessage.unread(bytes, received, grammar) : msg);
  }

  /** `values`: AVPs and their like that were set before the message was read. */
  request(received: SipMessage, values?: RunValues): void {
    const route = this.#program.request_route;
    if (route === null) return;
    const start = values ? { values } : null;
    this.inPreRoutedOrder(`q${received.callId}`, received, start, (msg, draft, from, passOn) => {
      if (msg.method === 'ACK' && this.#server.transactions.absorbAck(msg)) return undefined;
      const ctx = this.context('request', 'request_route', msg, draft, null, from);
      ctx.underWay = passOn;
      const startedAt = this.#server.env.clock.monotonic();
      const ended = () => {
        this.noteLatency('request', ctx, startedAt);
        this.#server.transactions.requestRouteEnded(ctx);
      };
      const running = this.execute(ctx, route);
      if (running instanceof Promise) return running.then(ended);
      ended();
      return undefined;
    });
  }

  response(received: SipMessage): void {
    this.inPreRoutedOrder(`r${received.callId}`, received, null, (msg, draft, from) => {
      const route = this.#program.reply_route;
      const { messages } = this.#server.watch;
      if (route === null && messages === null) return this.pass(msg, draft);
      const ctx = this.context('core_reply', 'reply_route', msg, draft, null, from);
      if (messages === null) return this.replied(ctx, route);
      const done: { passed?: void | Promise<void> } = {};
      // To the observer the run lasts until its transaction is done with it; the next response need not wait for that.
      const all = (): Promise<void> => {
        let over = () => {};
        const ended = new Promise<void>((resolve) => {
          over = resolve;
        });
        done.passed = this.replied(ctx, route, over);
        return ended;
      };
      void messages.run(ctx, all);
      return done.passed;
    });
  }
  /** The reply route, when there is one, and what follows it. `over`: called at the end of that. */
  private replied(ctx: Context, route: RouteFunction | null, over: (() => void) | null = null): void | Promise<void> {
    if (route === null) return this.pass(ctx.msg, ctx.draft, over);
    const startedAt = this.#server.env.clock.monotonic();
    const finish = (verdict: Verdict): void | Promise<void> => {
      this.noteLatency('reply', ctx, startedAt);
      // receive.c: the response goes no further after drop, and when the route's code is 0 or negative; `exit` is code 1.
      if (verdict !== EXIT && verdict < 0) ctx.log(0, 'error while trying onreply script', '<core>');
      if (ctx.dropped || ctx.endedByZero || (verdict !== EXIT && verdict <= 0)) {
        this.#server.stats.counter('core', 'drop_replies').value++;
        over?.();
        return undefined;
      }
      return this.pass(ctx.msg, ctx.draft, over);
    };
    const running = this.unobserved(ctx, route);
    return running instanceof Promise ? running.then(finish) : finish(running);
  }
  /** `latency_cfg_log`, `latency_limit_cfg` (receive.c); what the route waited for is in it. */
  private noteLatency(what: 'request' | 'reply', ctx: Context, startedAt: number): void {
    const { latency_cfg_log: level, latency_limit_cfg: limit } = this.#server.settings.values;
    if (level > this.#server.env.log.level) return;
    const usec = Math.round((this.#server.env.clock.monotonic() - startedAt) * 1000);
    if (usec >= limit) ctx.log(Math.max(-5, level) as LogLevel, `${what}-route executed in: ${usec} usec`, '<core>');
  }
  private pass(msg: SipMessage, draft: Draft, over: (() => void) | null = null): void | Promise<void> {
    const passed = this.#server.transactions.response(msg, draft, over);
    return passed instanceof Promise ? passed.then(() => undefined) : undefined;
  }

  /**
   * In order, and after `event_route[core:pre-routing]` (receive.c, ksr_evrt_pre_routing()): what that changed and set stays for
   * the route that follows, `drop` ends both.
   */
  private inPreRoutedOrder(
    key: string,
    received: SipMessage,
    start: Pick<RouteRun, 'values'> | null,
    next: (
      msg: SipMessage,
      draft: Draft,
      from: Pick<RouteRun, 'values'> | null,
      passOn: () => void,
    ) => void | Promise<void>,
  ): void {
    const route = this.#preRouting;
    this.inOrder(key, received, (passOn) => {
      if (route === undefined) return next(received, new Draft(), start, passOn);
      const ctx = this.context('request', `event_route[${PRE_ROUTING}]`, received, new Draft(), null, start);
      const ended = () => (ctx.dropped || ctx.failed ? undefined : next(ctx.msg, ctx.draft, ctx, passOn));
      const running = this.execute(ctx, route);
      return running instanceof Promise ? running.then(ended) : ended();
    });
  }

  private inOrder(key: string, msg: SipMessage, job: Job): void {
    const { messages } = this.#server.watch;
    const guarded: Job = (passOn) => {
      try {
        const pending = messages === null ? job(passOn) : messages.received(msg, () => job(passOn));
        return pending instanceof Promise ? pending.catch((error: unknown) => this.report(error, msg)) : undefined;
      } catch (error) {
        this.report(error, msg);
        return undefined;
      }
    };
    // RFC 3261 §9.2, §17.2.1: a caller may give up while the route of the INVITE waits, say for a name nobody resolves.
    if (msg.isRequest && this.#order.isHeld(key) && this.#server.transactions.isEnding(msg)) {
      void guarded(() => {});
      return;
    }
    if (this.#order.run(key, this.#server.settings.values.max_inflight, guarded)) return;
    this.#server.stats.counter('core', msg.isRequest ? 'drop_requests' : 'drop_replies').value++;
    this.#server.log(0, '<core>', `too many messages in routing: ${msg.isRequest ? msg.method : msg.status} dropped`);
  }

  // TransactionScript ------------------------------------------------------------------------------------------

  branch(t: Transaction, branch: Branch, draft: Draft, name: string, from: RouteRun): Maybe<RouteRun> {
    const route = own(this.#program.branch_route, name);
    const ctx = this.context('branch', `branch_route[${name}]`, from.msg, draft, t, from);
    ctx.branch = branch;
    return this.finished(ctx, route, name);
  }
  onReply(t: Transaction, branch: Branch, reply: SipMessage, draft: Draft, name: string): Maybe<RouteRun> {
    const route = own(this.#program.onreply_route, name);
    const ctx = this.context('tm_reply', `onreply_route[${name}]`, reply, draft, t);
    ctx.branch = branch;
    return this.finished(ctx, route, name);
  }
  failure(t: Transaction, branch: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun> {
    const route = own(this.#program.failure_route, name);
    const ctx = this.context('failure', `failure_route[${name}]`, t.request, draft, t);
    ctx.branch = branch;
    ctx.reply = reply;
    return this.finished(ctx, route, name);
  }
  branchFailure(t: Transaction, branch: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun> {
    const event = `tm:branch-failure:${name}`;
    const route = own(this.#program.event_route, event) ?? own(this.#program.branch_failure_route, name);
    const ctx = this.context('branch_failure', `event_route[${event}]`, t.request, draft, t);
    ctx.branch = branch;
    ctx.reply = reply;
    return this.finished(ctx, route, event);
  }
  resume(t: Transaction, branch: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun> {
    const kind = reply === null ? 'failure' : 'tm_reply';
    const ctx = this.context(kind, `route[${name}]`, reply ?? t.request, draft, t);
    ctx.branch = branch;
    return this.finished(ctx, own(this.#program.routes, name), name);
  }
  slReply(reply: SipMessage, draft: Draft, name: string): Maybe<RouteRun> {
    const ctx = this.context('core_reply', `onreply_route[${name}]`, reply, draft);
    return this.finished(ctx, own(this.#program.onreply_route, name), name);
  }
  localRequest(t: Transaction, request: SipMessage, draft: Draft, hop: NextHop): Maybe<RouteRun> {
    const name = 'tm:local-request';
    const ctx = this.context('local', `event_route[${name}]`, request, draft, t);
    ctx.sending = { hop, bytes: request.raw };
    return this.finished(ctx, own(this.#program.event_route, name), name);
  }
  localAckSent(t: Transaction, ack: string, hop: NextHop): void {
    this.sentEvent('tm:local-ack-sent', t, ack, hop);
  }
  localRequestSent(t: Transaction, bytes: string, hop: NextHop): void {
    this.sentEvent('tm:local-request', t, bytes, hop);
  }
  private sentEvent(name: string, t: Transaction, bytes: string, hop: NextHop): void {
    if (!this.hasEvent(name)) return;
    const msg = indexMessage(bytes, t.request.received, t.request.grammar);
    if (msg instanceof ParseFailure) return;
    void this.runEvent(
      name,
      msg,
      (ctx) => {
        ctx.transaction = t;
        ctx.sending = { hop, bytes };
      },
      t,
    );
  }
  onsend(msg: SipMessage, hop: NextHop, bytes: string, t: Transaction | null, draft?: Draft): Maybe<RouteRun> {
    const ctx = this.context('onsend', 'onsend_route', msg, draft?.clone() ?? new Draft(), t);
    ctx.sending = { hop, bytes };
    return this.finished(ctx, this.#program.onsend_route ?? undefined, 'onsend_route');
  }
  hasEvent(name: string): boolean {
    return own(this.#program.event_route, name) !== undefined;
  }
  event(name: string, msg: SipMessage, t: Transaction | null): Maybe<RouteRun | null> {
    return this.runEvent(
      name,
      msg,
      (ctx) => {
        ctx.transaction = t;
      },
      t,
    );
  }
  runEvent(
    name: string,
    msg: SipMessage,
    prepare?: (ctx: Context) => void,
    t: Transaction | null = null,
  ): Context | null | Promise<Context | null> {
    const route = own(this.#program.event_route, name);
    if (!route) return null;
    const kind: RouteKind = name === 'tm:local-request' ? 'local' : 'event';
    const ctx = this.context(kind, `event_route[${name}]`, msg, new Draft(), t);
    prepare?.(ctx);
    return this.finished(ctx, route, name);
  }

  runRoute(name: string, msg: SipMessage): Context | null | Promise<Context | null> {
    const route = name === '' ? this.#program.request_route : own(this.#program.routes, name);
    if (!route) return null;
    const block = name === '' ? 'request_route' : `route[${name}]`;
    return this.finished(this.context('request', block, msg, new Draft(), null), route, block);
  }

  callRoute(ctx: RouteContext, name: string): Verdict | null | Promise<Verdict> {
    const route = own(this.#program.routes, name);
    if (!route) return null;
    const verdict = route(ctx);
    return verdict instanceof Promise ? verdict.then(ended) : ended(verdict);
  }

  // One run ----------------------------------------------------------------------------------------------------

  /** A run outside any message from the network. */
  detached(msg: SipMessage, t: Transaction | null = null): Context {
    return this.context('event', 'event_route', msg, new Draft(), t);
  }

  #variables(): Record<string, string | number> {
    const vars = this.#program.vars();
    for (const [name, value] of this.presets) vars[name] = value;
    return vars;
  }
  private context(
    kind: RouteKind,
    block: string,
    msg: SipMessage,
    draft: Draft,
    t: Transaction | null = null,
    from: Pick<RouteRun, 'values'> | null = null,
  ): Context {
    const parent = from instanceof Context ? from : null;
    const values: object | undefined = from?.values ?? t?.values;
    const ctx = new Context({
      server: this.#server,
      config: this.config,
      kind,
      block,
      msg,
      draft,
      // A branch route runs inside the run that relays, and shares its variables.
      vars: parent ? parent.vars : this.#variables(),
      values: values !== undefined && isRunValues(values) ? (values satisfies RunValues) : undefined,
    });
    ctx.transaction = t;
    if (parent) ctx.prefix = parent.prefix;
    else if (this.#logPrefix) ctx.prefix = this.prefixOf(ctx);
    if (this.#logPrefix && this.#server.settings.values.log_prefix_mode === 1)
      ctx.freshPrefix = () => this.prefixOf(ctx);
    return ctx;
  }
  private prefixOf(ctx: Context): string {
    try {
      return this.#logPrefix?.(ctx) ?? '';
    } catch (error) {
      this.report(error, ctx.msg);
      return '';
    }
  }

  private finished(ctx: Context, route: RouteFunction | undefined, name: string): Maybe<Context> {
    if (!route) {
      ctx.log(-1, `route block ${ctx.block} not found (${name})`, '<core>');
      return ctx;
    }
    const running = this.execute(ctx, route);
    return running instanceof Promise ? running.then(() => ctx) : ctx;
  }

  /** The route's verdict; 0 after an error. Does not throw or reject. */
  private execute(ctx: Context, route: RouteFunction): Maybe<Verdict> {
    const { messages } = this.#server.watch;
    return messages === null ? this.unobserved(ctx, route) : messages.run(ctx, () => this.unobserved(ctx, route));
  }
  private unobserved(ctx: Context, route: RouteFunction): Maybe<Verdict> {
    try {
      const running = route(ctx);
      return running instanceof Promise ? running.catch((error: unknown) => this.failed(ctx, error)) : running;
    } catch (error) {
      return this.failed(ctx, error);
    }
  }
  private failed(ctx: Context, error: unknown): Verdict {
    ctx.failed = true;
    this.report(error, ctx.msg, ctx.prefix ?? '');
    this.#server.stats.counter('core', ctx.msg.isRequest ? 'err_requests' : 'err_replies').value++;
    try {
      this.answer500(ctx);
    } catch (again) {
      this.report(again, ctx.msg);
    }
    return 0;
  }
  private answer500(ctx: Context): void {
    const { msg, transaction: t } = ctx;
    const { transactions } = this.#server;
    if (ctx.kind === 'failure' && t !== null && t.status < 200) transactions.replyTo(t, 500, 'Server Internal Error');
    if (ctx.kind !== 'request' || !msg.isRequest || msg.method === 'ACK') return;
    if (t === null) transactions.replyStateless(msg, ctx.draft, 500, 'Server Internal Error', null);
    else if (t.status < 200 && t.branches.length === 0) transactions.reply(ctx, 500, 'Server Internal Error');
  }
  private report(error: unknown, msg: SipMessage, prefix = ''): void {
    const at = this.#lines.at(error);
    const what = error instanceof Error ? error.message : String(error);
    const where = at === undefined ? '' : ` at ${at}`;
    const name = msg.isRequest ? `${msg.method} request` : `${msg.status} response`;
    this.#server.log(-1, `${prefix}<core>`, `error${where} while routing the ${name}: ${what}`, at);
    if (error instanceof Error && error.stack) this.#server.log(3, '<core>', error.stack);
  }
}

/** `exit` in a called route ends the caller too. */
const ended = (verdict: Verdict): Verdict => (verdict === EXIT ? 0 : verdict);

const own = (routes: Readonly<Record<string, RouteFunction>>, name: string): RouteFunction | undefined =>
  Object.hasOwn(routes, name) ? routes[name] : undefined;
