/**
 * The context of one run of a top-level route: one class for every kind, so that emitted code stays monomorphic.
 */
import { type LogLevel, prints } from '../env.js';
import type { Draft } from '../message/draft.js';
import type { Grammar } from '../message/grammar.js';
import type { SipMessage } from '../message/message.js';
import { parseUri, type SipUri } from '../message/uri.js';
import type { Arrival, LoadedConfig, RouteContext, RunValues, Sending, ServerApi } from '../sdk/context.js';
import type { RouteKind, Verdict } from '../sdk/define.js';
import type { Branch, Transaction } from '../transaction/transaction.js';
import { type Armed, newArmed } from '../transaction/types.js';
import { AvpStore } from '../values/avp.js';
import { XavpStore } from '../values/xavp.js';

class Values implements RunValues {
  #avps: AvpStore | null = null;
  #xavps: XavpStore | null = null;
  #xavus: XavpStore | null = null;
  #xavis: XavpStore | null = null;
  get avps(): AvpStore {
    this.#avps ??= new AvpStore();
    return this.#avps;
  }
  get xavps(): XavpStore {
    this.#xavps ??= new XavpStore();
    return this.#xavps;
  }
  get xavus(): XavpStore {
    this.#xavus ??= new XavpStore();
    return this.#xavus;
  }
  get xavis(): XavpStore {
    this.#xavis ??= new XavpStore(true);
    return this.#xavis;
  }
}
export const newValues = (): RunValues => new Values();
export const isRunValues = (values: object): values is RunValues => values instanceof Values;

export interface RunStart {
  readonly server: ServerApi;
  readonly config: LoadedConfig;
  readonly kind: RouteKind;
  readonly block: string;
  readonly msg: SipMessage;
  readonly draft: Draft;
  readonly vars: Record<string, string | number>;
  readonly values?: RunValues;
}

export class Context implements RouteContext {
  readonly server: ServerApi;
  readonly config: LoadedConfig;
  readonly kind: RouteKind;
  readonly block: string;
  msg: SipMessage;
  draft: Draft;
  rc: Verdict = 0;
  dropped = false;
  endedByZero = false;
  vars: Record<string, string | number>;
  readonly values: RunValues;
  transaction: Transaction | null = null;
  branch: Branch | null = null;
  reply: SipMessage | null = null;
  sending: Sending | null = null;
  arrival: Arrival | null = null;
  /** An error of ours ended the run. */
  failed = false;
  errorCode = -1;
  kept = 0;
  underWay: (() => void) | null = null;
  /** Evaluated `log_prefix`; null: not yet. */
  prefix: string | null = null;
  /** With `log_prefix_mode` 1: evaluated for each line. */
  freshPrefix: (() => string) | null = null;
  /** Blocks and routes within each other, counted where routes call themselves (`deeper`). */
  depth = 2;
  #armed: Armed | null = null;
  #data: Map<string, unknown> | null = null;

  constructor(start: RunStart) {
    this.server = start.server;
    this.config = start.config;
    this.kind = start.kind;
    this.block = start.block;
    this.msg = start.msg;
    this.draft = start.draft;
    this.vars = start.vars;
    this.values = start.values ?? newValues();
  }
  get armed(): Armed {
    this.#armed ??= newArmed();
    return this.#armed;
  }
  get data(): Map<string, unknown> {
    this.#data ??= new Map();
    return this.#data;
  }
  get avps(): AvpStore {
    return this.values.avps;
  }
  get xavps(): XavpStore {
    return this.values.xavps;
  }
  get uri(): string {
    return this.draft.uri ?? this.msg.requestUri;
  }
  get requestUri(): SipUri | null {
    return this.draft.uri === null ? this.msg.uri() : parseUri(this.draft.uri, this.grammar);
  }
  get grammar(): Grammar {
    return this.server.grammar;
  }
  log(level: LogLevel, text: string, source = '<script>', levelName?: string): void {
    const { log } = this.server.env;
    if (!prints(log, level, source)) return;
    log.write({ level, text, source: `${this.freshPrefix?.() ?? this.prefix ?? ''}${source}`, levelName });
  }
}
