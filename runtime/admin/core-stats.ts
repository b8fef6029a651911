/**
 * Counters of the receive path, under Kamailio's names (`core:` of kex): the receive
 * path calls `request` and `response`, and increments the others where the thing happens.
 */
import { methodId } from '../message/methods.js';
import type { Counter } from '../sdk/define.js';
import type { Stats } from './stats.js';

const plain = [
  'bad_URIs_rcvd',
  'bad_msg_hdr',
  'drop_replies',
  'drop_requests',
  'err_replies',
  'err_requests',
  'fwd_replies',
  'fwd_requests',
  'rcv_replies',
  'rcv_replies_18x',
  'rcv_requests',
  'unsupported_methods',
] as const;
const requestMethods = [
  'ack', 'bye', 'cancel', 'info', 'invite', 'message', 'notify', 'options', 'prack', 'publish', 'refer', 'register',
  'subscribe', 'update',
] as const; // biome-ignore format: one list
/** Methods whose responses are counted by class. REGISTER is `reg` there. */
const replyMethods = ['bye', 'cancel', 'invite', 'message', 'prack', 'refer', 'reg', 'update'] as const;
const singled = [401, 404, 407, 480, 486];

type PlainName = (typeof plain)[number];

export class CoreStats {
  readonly core: Readonly<Record<PlainName, Counter>>;
  private readonly requests = new Map<number, Counter>();
  private readonly classes: Counter[] = [];
  private readonly byMethod: Map<number, Counter>[] = [];
  private readonly singles = new Map<number, Counter>();

  constructor(stats: Stats) {
    const of = (name: string) => stats.counter('core', name);
    this.core = Object.fromEntries(plain.map((n) => [n, of(n)])) as Record<PlainName, Counter>;
    for (const m of requestMethods) this.requests.set(methodId(m), of(`rcv_requests_${m}`));
    for (let c = 1; c <= 6; c++) {
      this.classes[c] = of(`rcv_replies_${c}xx`);
      const methods = new Map<number, Counter>();
      for (const m of replyMethods) methods.set(methodId(m === 'reg' ? 'register' : m), of(`rcv_replies_${c}xx_${m}`));
      this.byMethod[c] = methods;
    }
    for (const code of singled) this.singles.set(code, of(`rcv_replies_${code}`));
  }
  /** A request is about to be routed. */
  request(method: number): void {
    this.core.rcv_requests.value++;
    const counter = this.requests.get(method);
    if (counter) counter.value++;
    else this.core.unsupported_methods.value++;
  }
  /** A response came in; `method` is that of its CSeq. */
  response(status: number, method: number): void {
    this.core.rcv_replies.value++;
    const group = Math.floor(status / 100);
    const byClass = this.classes[group];
    if (byClass) byClass.value++;
    const byMethod = this.byMethod[group]?.get(method);
    if (byMethod) byMethod.value++;
    if (status >= 180 && status < 190) this.core.rcv_replies_18x.value++;
    const single = this.singles.get(status);
    if (single) single.value++;
  }
}
