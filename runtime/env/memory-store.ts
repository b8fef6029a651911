/** `Store` of a single worker. */
import type { Store } from '../env.js';

export class MemoryStore implements Store {
  private readonly tables = new Map<string, Map<string, unknown>>();
  table<V>(name: string): Map<string, V> {
    let table = this.tables.get(name);
    if (!table) this.tables.set(name, (table = new Map()));
    // Each table has one owner, who named its type.
    return table as Map<string, V>;
  }
}
