/**
 * Tables with `dmqreplicate=1` on several nodes (ht_dmq.c): each change is told to all, and who joins asks for what there is. A change
 * told by another node is not told again.
 *
 * | action | fields beside `action` |
 * |---|---|
 * | 1 sync | `htname`, when one table is meant; the answer are requests with `cells` |
 * | 2 set, 3 set expiry | `htname`, `cname`, `type` (2: text), `strval` or `intval`, `mode` |
 * | 4 delete | `htname`, `cname`, `mode` |
 * | 5 delete by expression, 6 by beginning | `htname`, `type`, `strval`, `mode` (1: of the value) |
 */
import {
  type ClusterNode,
  type DmqAnswer,
  type DmqChannel,
  type DmqMessage,
  type DmqPeers,
  dmqAnswers,
  intOf,
  isFields,
  type JsonFields,
  readFields,
  type ServerApi,
  textOf,
} from '../../runtime/sdk/index.js';
import { type Cell, cellTest, type Replica, type Table } from './table.js';

const Action = { sync: 1, set: 2, setExpire: 3, remove: 4, removeExpression: 5, removeStart: 6 } as const;
const TEXT = 2;
const FIELDS: readonly string[] = ['action', 'htname', 'cname', 'type', 'strval', 'intval', 'mode', 'last_modified'];
/** One datagram has to hold a group of items. */
const GROUP_BYTES = 60_000;
const EMPTY_GROUP = '{"cells":[]}'.length;
/** Groups go out one by one, so that a large table does not drown the other node. */
const GROUP_PAUSE_MS = 10;
const MAX_SYNCS = 16;

const valueFields = (value: string | number) =>
  typeof value === 'string' ? { type: TEXT, strval: value } : { type: 0, intval: value };
const readValue = (fields: JsonFields): string | number | null => {
  if ((intOf(fields.type) & TEXT) === 0) return fields.intval === undefined ? null : intOf(fields.intval) | 0;
  return fields.strval === undefined ? null : textOf(fields.strval);
};

export class Replication {
  #peers: DmqPeers | null = null;
  #syncs = 0;

  constructor(
    private readonly server: ServerApi,
    private readonly tables: ReadonlyMap<string, Table>,
  ) {}
  channel(name: string, asksAtStart: boolean): DmqChannel {
    return {
      name,
      received: (message) => this.#received(message),
      joined: (from) => {
        if (asksAtStart) this.ask(null, from);
      },
    };
  }
  /** From now on changes are told. */
  begin(peers: DmqPeers): void {
    this.#peers = peers;
    for (const table of this.tables.values()) if (table.spec.replicate > 0) table.replica = this.#replicaOf(table);
  }
  /** Asks for one table, or all; of one node, or of all. */
  ask(table: string | null, from: ClusterNode | null): boolean {
    this.#peers?.send({ action: Action.sync, ...(table === null ? {} : { htname: table }) }, from);
    return this.#peers !== null;
  }

  #replicaOf({ spec }: Table): Replica {
    const tell = (body: object) => this.#peers?.send(body);
    const htname = spec.name;
    return {
      set: (cname, value) => tell({ action: Action.set, htname, cname, ...valueFields(value), mode: 1 }),
      setExpire: (cname, seconds) =>
        tell({ action: Action.setExpire, htname, cname, ...valueFields(seconds), mode: 0 }),
      remove: (cname) => tell({ action: Action.remove, htname, cname, mode: 0 }),
      removeWhere: (operator, text, by) =>
        tell({
          action: operator === 're' ? Action.removeExpression : Action.removeStart,
          htname,
          ...valueFields(text),
          mode: by === 'value' ? 1 : 0,
        }),
    };
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others tell

  #received({ body, node }: DmqMessage): DmqAnswer {
    const fields = readFields(body);
    if (fields === null) return dmqAnswers.bad;
    const names = Object.keys(fields);
    if (names[0] === 'cells') {
      this.#take(fields.cells);
      return dmqAnswers.ok;
    }
    if (names.some((name) => !FIELDS.includes(name)))
      return this.#refuse('unrecognized field in json object', dmqAnswers.bad);
    if (fields.action === Action.sync) {
      this.#give(fields.htname === undefined ? null : textOf(fields.htname), node);
      return dmqAnswers.ok;
    }
    return this.#replay(fields);
  }
  #replay(fields: JsonFields): DmqAnswer {
    const table = this.tables.get(textOf(fields.htname));
    if (table === undefined) return this.#refuse('unable to get table', dmqAnswers.failed);
    const { failed, ok } = dmqAnswers;
    const key = textOf(fields.cname);
    const by = fields.mode === 1 ? 'value' : 'name';
    switch (fields.action) {
      case Action.set: {
        const value = readValue(fields);
        if (value === null) return this.#refuse(`no value for ${table.spec.name}=>${key}`, dmqAnswers.bad);
        return table.set(key, value) ? ok : failed;
      }
      case Action.setExpire:
        table.setExpire(key, intOf(fields.intval));
        return ok;
      case Action.remove:
        table.cells.delete(key);
        return ok;
      case Action.removeExpression:
      case Action.removeStart: {
        const text = textOf(fields.strval);
        const operator = fields.action === Action.removeStart ? 'sw' : 're';
        const test = text === '' ? null : cellTest(operator, text, by, ['re', 'sw']);
        if (test === null) return failed;
        table.removeWhere(test);
        return ok;
      }
      default:
        return this.#refuse('unrecognized action', failed);
    }
  }
  /** Items of another node: each with the time it has left. */
  #take(cells: unknown): void {
    if (!Array.isArray(cells)) return;
    const now = Math.floor(this.server.env.clock.now() / 1000);
    for (const cell of cells as unknown[]) {
      if (!isFields(cell)) continue;
      const table = this.tables.get(textOf(cell.htname));
      const key = textOf(cell.cname);
      const value = readValue(cell);
      if (table === undefined || key === '' || value === null) continue;
      if (!table.set(key, value, Math.max(0, intOf(cell.expire) - now)))
        this.server.log(0, 'htable', `unable to set cell ${key} in table ${table.spec.name}`);
    }
  }
  #refuse(text: string, answer: DmqAnswer): DmqAnswer {
    this.server.log(-1, 'htable', text);
    return answer;
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others ask for

  /** To all when it is not known who asked, as Kamailio has it. */
  #give(only: string | null, to: ClusterNode | null): void {
    if (this.#syncs >= MAX_SYNCS) {
      this.#refuse('too many nodes ask for the tables', dmqAnswers.failed);
      return;
    }
    this.#syncs++;
    const groups = this.#groups(only);
    const next = () => {
      const group = groups.next();
      if (group.done) {
        this.#syncs--;
        return;
      }
      this.#peers?.send({ cells: group.value }, to);
      this.server.env.clock.setTimer(GROUP_PAUSE_MS, next);
    };
    next();
  }
  /** The last group is sent even when it is empty. */
  *#groups(only: string | null): Generator<readonly object[]> {
    let group: object[] = [];
    let bytes = EMPTY_GROUP;
    for (const table of [...this.tables.values()].reverse()) {
      const { spec } = table;
      if (spec.replicate === 0 || (only !== null && only !== '' && only !== spec.name)) continue;
      for (const cells of table.bySlot().values())
        for (const cell of cells) {
          if (spec.autoExpireSec > 0 && cell.expire <= Math.floor(this.server.env.clock.now() / 1000)) continue;
          const shown = shownCell(spec.name, cell);
          const length = JSON.stringify(shown).length + 1;
          if (bytes + length > GROUP_BYTES && group.length > 0) {
            yield group;
            group = [];
            bytes = EMPTY_GROUP;
          }
          group.push(shown);
          bytes += length;
        }
    }
    yield group;
  }
}
const shownCell = (htname: string, { name, value, expire }: Cell) => ({
  htname,
  cname: name,
  ...valueFields(value),
  expire,
});
