/**
 * The way of one message through the cfg, and its text: `{"flow": […], "sip_in": […], "sip_out": […]}` (cfgt_int.c).
 *
 * Which block runs is known from the actions alone, each of which names its block:
 *
 *     action of …                            flow                        blocks entered
 *     the block that runs                    –                           as before
 *     one of the two blocks it came from     how the one that ran ended  without that one
 *     any other                              start|it                    with it
 *
 * So a return over several blocks takes one action each to be seen, and over more than two looks like a start, as in Kamailio.
 */
import { jsonText, printJson, RpcStruct, type ScriptAction } from '../../runtime/sdk/index.js';

/** One report takes no more memory, nor disk, than about this. */
const MAX_REPORT_BYTES = 4 * 1024 * 1024;
/** How far back an action is looked for among the blocks entered. */
const LOOK_BACK = 2;

interface Entered {
  readonly block: string;
  /** What its last action was: a call of another block, its end, or anything else. */
  last: 'start' | 'exit' | 'return';
  readonly startedAtMs: number;
  endedAtMs: number;
}
/** A block that was left, for `route_log`. */
export interface Left {
  readonly block: string;
  readonly tookMs: number;
}

export class Report {
  /** Of the scenario; '' and 0 until the message is about to be routed. */
  uuid = '';
  number = 0;
  /** It is not written (`skip_unknown`). */
  skipped = false;
  /** It was written, or is about to be. */
  saved = false;
  #sizeBytes = 0;
  /** Something was left out: nothing comes behind it. */
  #full = false;
  readonly #flow: string[] = [];
  readonly #in: string[] = [];
  readonly #out: string[] = [];
  readonly #entered: Entered[] = [];

  /** About the length of its text. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }
  #room(list: string[], text: string): void {
    this.#full ||= this.#sizeBytes + text.length > MAX_REPORT_BYTES;
    if (this.#full) return;
    this.#sizeBytes += text.length;
    list.push(text);
  }
  received(bytes: string): void {
    this.#room(this.#in, jsonText(bytes));
  }
  sent(bytes: string): void {
    this.#room(this.#out, jsonText(bytes));
  }

  /** Before an action: what the flow gets of it, a name such as `start|RELAY`; null when nothing. */
  before(action: ScriptAction, nowMs: number, left: (ended: Left) => void): string | null {
    if (this.#full) return null;
    const { route: block } = action;
    for (let back = 0; back <= LOOK_BACK; back++) {
      const entered = this.#entered.at(-1 - back);
      if (entered?.block !== block) continue;
      note(entered, action, nowMs);
      const ended = back === 0 ? undefined : this.#entered.pop();
      if (ended === undefined) return null;
      if (ended.endedAtMs > ended.startedAtMs)
        left({ block: ended.block, tookMs: ended.endedAtMs - ended.startedAtMs });
      return `${ended.last}|${ended.block}`;
    }
    const entered: Entered = { block, last: 'start', startedAtMs: nowMs, endedAtMs: 0 };
    if (this.#entered.length > 0) note(entered, action, nowMs);
    this.#entered.push(entered);
    return `start|${block}`;
  }
  /** After a run: how its last block ended; null when no action was seen. */
  atEnd(): string | null {
    const entered = this.#entered.at(-1);
    return entered === undefined ? null : `${entered.last}|${entered.block}`;
  }
  /** `name` as `before` and `atEnd` gave it. */
  show(name: string, variables: RpcStruct): void {
    this.#room(this.#flow, printJson(new RpcStruct({ [name]: variables }), true, FLOW_DEPTH));
  }

  text(): string {
    const list = (name: string, items: readonly string[]) => `\t"${name}":\t[${items.join(', ')}]`;
    return `{\n${list('flow', this.#flow)},\n${list('sip_in', this.#in)},\n${list('sip_out', this.#out)}\n}`;
  }
}
/** Tabs before an entry of the flow. */
const FLOW_DEPTH = 2;

/** `exit` and `drop` outlast what runs behind them in the same block. */
function note(entered: Entered, { kind, name }: ScriptAction, nowMs: number): void {
  if (kind === 'route') {
    entered.last = 'start';
    return;
  }
  if (kind === 'flow') entered.last = name === 'return' ? 'return' : 'exit';
  else if (entered.last !== 'exit') entered.last = 'return';
  entered.endedAtMs = nowMs;
}
