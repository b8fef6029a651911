/**
 * Event packages: what the Event header field of PUBLISH and SUBSCRIBE may name (RFC 6665 §7.2), and what each does with its bodies.
 */
import { lowerAscii, parseParams, type RouteContext } from '../../runtime/sdk/index.js';
import type { Status, Subscription } from './subscription.js';

/** Whether a watcher may see a presentity, and why not: parameters of Subscription-State. */
export interface Standing {
  readonly status: Status;
  readonly reason: string;
}

/** What a module tells of its package. Bodies are one-byte text. */
export interface EventPackage {
  /** `presence`, `dialog;sla`. */
  readonly name: string;
  readonly contentType: string;
  /** Seconds without an Expires. */
  readonly defaultExpires: number;
  /** A refresh keeps the entity-tag. */
  readonly keepsEtag?: boolean;
  /** Who may watch is decided by rules of the presentity. */
  readonly authorized?: {
    /** The presentity's rules; null: it has none. Rejects when they cannot be had. */
    rules(user: string, domain: string): Promise<string | null>;
    /** Null: the rules make no sense. */
    standing(subs: Subscription, rules: string | null): Promise<Standing | null>;
    /** The body as this watcher may see it. Null: unchanged. */
    filter(body: string, subs: Subscription, rules: string): Promise<string | null>;
  };
  /** Hard state: a document kept elsewhere. Null: there is none. */
  hardState?(user: string, domain: string, fileUri: string): Promise<string | null>;
  /** One body of all published ones (oldest first); without it the last one counts. `off`: place of the one that is being withdrawn, -1: none. Null: no body. */
  aggregate?(user: string, domain: string, bodies: readonly string[] | null, off: number): string | null;
  /** The body for one watcher, as for a version number. Null: unchanged. */
  perWatcher?(subs: Subscription, body: string): string | null;
  /** Is the body of a PUBLISH acceptable? It may answer itself. */
  accepts?(ctx: RouteContext, body: string): boolean;
}

export interface EventName {
  /** Without parameters, as written. */
  readonly name: string;
  readonly params: ReadonlyMap<string, string | null>;
}
/** Null when there is no name or the parameters cannot be read. */
export function parseEvent(value: string): EventName | null {
  const name = /^\s*([^\s;]+)\s*/.exec(value);
  if (name?.[1] === undefined) return null;
  const params = new Map<string, string | null>();
  if (value[name[0].length] === ';') {
    const list = parseParams(value, name[0].length + 1);
    if (list === null) return null;
    for (const p of list.params) params.set(p.name, p.value);
  }
  return { name: name[1], params };
}

/** A package that is known here: registered, or named in rows of the database and not registered yet. */
export class Package {
  spec: EventPackage | null = null;
  /** `presence` and `presence.winfo` of each other. */
  winfoPeer: Package | null = null;
  constructor(
    readonly name: string,
    readonly parsed: EventName,
  ) {}
  /** Its notifications are lists of watchers (RFC 3857). */
  get isWinfo(): boolean {
    return /^[^.]*\.winfo/.test(this.parsed.name);
  }
  get isDialog(): boolean {
    return lowerAscii(this.parsed.name) === 'dialog';
  }
  /** Shared lines: whose dialog it is counts. */
  get isSharedLine(): boolean {
    const { params } = this.parsed;
    return this.isDialog && (params.has('sla') || params.has('ma'));
  }
}

export class Packages {
  /** The newest first, as Allow-Events shows them. */
  readonly list: Package[] = [];

  add(spec: EventPackage): void {
    const parsed = parseEvent(spec.name);
    if (parsed === null) throw new TypeError(`${spec.name} is no event package`);
    const entry = this.named(spec.name) ?? this.place(spec.name, parsed);
    if (entry.spec !== null) return;
    entry.spec = spec;
    const peer = entry.isWinfo
      ? entry.parsed.name.slice(0, entry.parsed.name.indexOf('.'))
      : `${entry.parsed.name}.winfo`;
    entry.winfoPeer = this.named(peer);
    if (entry.winfoPeer) entry.winfoPeer.winfoPeer = entry;
  }
  /** For rows whose package may be registered later. */
  reserve(name: string): Package | null {
    const parsed = parseEvent(name);
    return parsed && (this.find(parsed) ?? this.place(name, parsed));
  }
  named(name: string): Package | null {
    const parsed = parseEvent(name);
    return parsed && this.find(parsed);
  }
  /** Same name, case ignored, and the same parameters, in any order. */
  find(wanted: EventName): Package | null {
    const name = lowerAscii(wanted.name);
    for (const entry of this.list) {
      if (lowerAscii(entry.parsed.name) !== name || entry.parsed.params.size !== wanted.params.size) continue;
      if (
        [...wanted.params].every(
          ([key, value]) => entry.parsed.params.has(key) && entry.parsed.params.get(key) === value,
        )
      )
        return entry;
    }
    return null;
  }
  /** Value of Allow-Events. */
  get allowed(): string {
    return this.list
      .filter(({ spec }) => spec !== null)
      .map(({ name }) => name)
      .join(', ');
  }
  private place(name: string, parsed: EventName): Package {
    const entry = new Package(name, parsed);
    this.list.unshift(entry);
    return entry;
  }
}
