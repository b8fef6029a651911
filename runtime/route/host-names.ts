/**
 * Host names that a cfg compares addresses with (`src_ip == "gw.example.com"`). Kamailio asks DNS in the midst of the
 * comparison; here a name written in the cfg is resolved before the sockets open, and again in the background once its
 * TTL is over, so that a comparison never waits. A name made at run time is false until its first answer is there.
 */
import type { Clock, Resolver } from '../env.js';

/** Most names remembered: those of the cfg, and the first ones made at run time. */
const MAX_NAMES = 1000;
const MIN_TTL_SEC = 5;
/** How long a start waits for the names in the cfg. */
const READY_MS = 2000;

interface Known {
  addresses: readonly string[];
  expires: number;
  asking: Promise<void> | null;
}

export class HostNames {
  private readonly known = new Map<string, Known>();
  constructor(
    private readonly resolver: Resolver,
    private readonly clock: Clock,
  ) {}

  /** The addresses found last; none while the first answer is on its way. */
  addresses(host: string): readonly string[] {
    const name = host.toLowerCase();
    let entry = this.known.get(name);
    if (!entry) {
      if (this.known.size >= MAX_NAMES) return [];
      this.known.set(name, (entry = { addresses: [], expires: 0, asking: null }));
    }
    if (entry.asking === null && entry.expires <= this.clock.monotonic()) entry.asking = this.ask(name, entry);
    return entry.addresses;
  }

  /** Settles when all names asked for so far have an answer, or have had their time. Does not reject. */
  async ready(): Promise<void> {
    const asking = [...this.known.values()].map((entry) => entry.asking).filter((asked) => asked !== null);
    if (asking.length === 0) return;
    let timer: { cancel(): void } | null = null;
    const late = new Promise<void>((resolve) => {
      timer = this.clock.setTimer(READY_MS, resolve);
    });
    await Promise.race([Promise.all(asking), late]);
    (timer as { cancel(): void } | null)?.cancel();
  }

  /** A failure keeps what was known. */
  private async ask(name: string, entry: Known): Promise<void> {
    const found = await Promise.all(
      ([4, 6] as const).map((family) => this.resolver.addresses(name, family).catch(() => null)),
    );
    const records = found.flatMap((answer) => answer ?? []);
    const answered = found.some((answer) => answer !== null);
    if (answered) entry.addresses = records.map(({ ip }) => ip);
    const ttl = Math.min(...records.map(({ ttlSec }) => ttlSec), 60);
    entry.expires = this.clock.monotonic() + Math.max(ttl, MIN_TTL_SEC) * 1000;
    entry.asking = null;
  }
}
