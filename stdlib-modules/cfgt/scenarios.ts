/** Which scenario a message is of, and how many reports each has. Call-IDs come from the network: not all may name a folder. */

/** Whatever belongs to no scenario. */
export const UNKNOWN = 'unknown';
/** Beyond it, messages of further scenarios count as unknown. */
const MAX_SCENARIOS = 10_000;
/** What a file system takes as one name (NAME_MAX). */
const MAX_NAME = 255;

/** Of `NGCP%123%456` with the prefix `NGCP%` it is `123`: its last character ends the name. Null: of no scenario. */
export function scenarioOf(callId: string, prefix: string): string | null {
  if (prefix === '' || !callId.startsWith(prefix)) return null;
  const rest = callId.slice(prefix.length);
  const uuid = rest.slice(0, Math.max(0, rest.indexOf(prefix.at(-1) ?? '')));
  return isFolderName(uuid) ? uuid : null;
}
function isFolderName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || name.length > MAX_NAME) return false;
  return ![...name].some((c) => c === '/' || c < ' ' || c === '\x7f');
}

export class Scenarios {
  readonly #reports = new Map<string, number>();

  /** False: there are too many already. */
  hasRoomFor(uuid: string): boolean {
    return this.#reports.has(uuid) || this.#reports.size < MAX_SCENARIOS;
  }
  /** The number of its next report, from 1. */
  next(uuid: string): number {
    const number = (this.#reports.get(uuid) ?? 0) + 1;
    this.#reports.set(uuid, number);
    return number;
  }
  /** Names and numbers of reports. */
  all(): [uuid: string, count: number][] {
    return [...this.#reports];
  }
  /** False: it has none. */
  forget(uuid: string): boolean {
    return this.#reports.delete(uuid);
  }
}
