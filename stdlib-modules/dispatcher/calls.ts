/** Calls that count as load of a destination (algorithm 10), by Call-ID, until they end or their time is over (ds_ht.c). */
import type { Clock } from '../../runtime/sdk/index.js';
import type { DestinationSets } from './sets.js';

interface Call {
  readonly set: number;
  readonly duid: string;
  confirmed: boolean;
  /** Seconds since 1970; 0: never. */
  readonly expires: number;
  readonly unansweredUntil: number;
}
/** Most calls remembered; a further one does not count. */
const MAX_CALLS = 1_000_000;

export class Calls {
  readonly #byCallId = new Map<string, Call>();
  constructor(
    private readonly clock: Clock,
    private readonly sets: () => DestinationSets,
    /** Seconds. */
    private readonly expireSec: number,
    private readonly unansweredSec: number,
  ) {}

  get #now(): number {
    return Math.floor(this.clock.now() / 1000);
  }
  /** False when the call is counted already, or cannot be. */
  add(callId: string, set: number, duid: string): boolean {
    const destination = this.sets().get(set)?.byDuid(duid);
    if (duid === '' || !destination || this.#byCallId.has(callId) || this.#byCallId.size >= MAX_CALLS) return false;
    const until = (sec: number) => (sec === 0 ? 0 : this.#now + sec);
    this.#byCallId.set(callId, {
      set,
      duid,
      confirmed: false,
      expires: until(this.expireSec),
      unansweredUntil: until(this.unansweredSec),
    });
    destination.load++;
    return true;
  }
  /** The call goes to another destination of its set: done, `gone` when that one is not there (any more), or not counted. */
  move(callId: string, duid: string): 'done' | 'gone' | 'unknown' {
    const call = this.#byCallId.get(callId);
    const set = call && this.sets().get(call.set);
    if (duid === '' || !call || !set) return 'unknown';
    if (set.byDuid(duid) === null) return 'gone';
    this.#byCallId.delete(callId);
    this.#unload(call);
    return this.add(callId, call.set, duid) ? 'done' : 'unknown';
  }
  /** False when it is not counted, or its destination is gone: then it stays. */
  remove(callId: string): boolean {
    const call = this.#byCallId.get(callId);
    if (!call || !this.#unload(call)) return false;
    this.#byCallId.delete(callId);
    return true;
  }
  confirm(callId: string): void {
    const call = this.#byCallId.get(callId);
    if (call) call.confirmed = true;
  }
  /** Forgets what is over. */
  expire(): void {
    const now = this.#now;
    const over = (time: number) => time !== 0 && time < now;
    for (const [callId, call] of this.#byCallId) {
      if (!over(call.expires) && (call.confirmed || !over(call.unansweredUntil))) continue;
      this.#byCallId.delete(callId);
      this.#unload(call);
    }
  }
  #unload({ set, duid }: Call): boolean {
    const destination = this.sets().get(set)?.byDuid(duid);
    if (!destination) return false;
    if (destination.load > 0) destination.load--;
    return true;
  }
}
