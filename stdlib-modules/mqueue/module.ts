/** mqueue: queues of key and value that routes fill and, elsewhere, empty. */
import {
  type Database,
  defineModule,
  detach,
  type RouteContext,
  StartError,
  type Value,
  varStr,
} from '../../runtime/sdk/index.js';

interface Item {
  readonly key: string;
  readonly value: string;
}
/** `dbmode`: 1 both, 2 load at the start, 3 save at the stop. */
interface DatabaseUse {
  readonly load: boolean;
  readonly save: boolean;
}
class Queue {
  items: Item[] = [];
  /** What mq_fetch() took last: $mqk and $mqv show it until the next one. */
  fetched: Item | null = null;
  constructor(
    readonly name: string,
    /** 0: as long as it gets. */
    readonly limit: number,
    /** 0 all are kept, 1 of equal keys the oldest, 2 the newest. */
    readonly mode: number,
    readonly database: DatabaseUse = { load: false, save: false },
  ) {}
  add(key: string, value: string): void {
    if (this.mode === 1 && this.items.some((item) => item.key === key)) return;
    if (this.mode === 2) {
      const at = this.items.findIndex((item) => item.key === key);
      if (at >= 0) this.items.splice(at, 1);
    }
    this.items.push({ key: detach(key), value: detach(value) });
    const limit = this.limit > 0 ? this.limit : MAX_ITEMS;
    if (this.items.length > limit) this.items.shift();
  }
  /** False: it is empty. */
  fetch(): boolean {
    this.fetched = this.items.shift() ?? null;
    return this.fetched !== null;
  }
}
/** Of a queue without a limit of its own: the oldest go first, so that a queue nobody empties does not eat the machine. */
const MAX_ITEMS = 1_000_000;

type Queues = Map<string, Queue>;

/** `name=x;size=8;addmode=1`. */
function declared(text: string): Queue {
  const given: Record<string, string> = {};
  for (const piece of text.split(';')) {
    const [key = '', value = ''] = piece.split('=').map((s) => s.trim());
    if (key === '') continue;
    if (!['name', 'size', 'dbmode', 'addmode'].includes(key.toLowerCase()))
      throw new StartError('SIPC8023', `mqueue: parameter mqueue "${text}" has no attribute ${key}`);
    given[key.toLowerCase()] = value;
  }
  if (!given.name) throw new StartError('SIPC8023', `mqueue: parameter mqueue "${text}" names no queue: write name=x`);
  const dbmode = Number(given.dbmode ?? 0);
  const database = { load: dbmode === 1 || dbmode === 2, save: dbmode === 1 || dbmode === 3 };
  return new Queue(given.name, Number(given.size) || 0, Number(given.addmode) || 0, database);
}

/** Table of the queue's name, with columns id, key and value, in the order of the ids. */
async function load(db: Database, queue: Queue): Promise<void> {
  const { rows } = await db.query(queue.name, { columns: ['key', 'value'], order: ['id'] });
  for (const [key, value] of rows) queue.add(String(key ?? ''), String(value ?? ''));
  await db.delete(queue.name, []);
}
async function save(db: Database, queue: Queue): Promise<void> {
  await db.transaction(async (within) => {
    for (const { key, value } of queue.items) await within.insert(queue.name, { key, value });
  });
  queue.items = [];
}
const noDatabase = (name: string) =>
  new StartError('SIPC8023', `mqueue: queue ${name} asks for a database (dbmode): set db_url`);
const queue = varStr('queue', 'its name');
/** `$mqk($var(queue))`: the name may be a pseudo-variable. */
const shown = (pick: (q: Queue) => Value) => (me: { readonly state: Queues }, _ctx: RouteContext, name: string) => {
  const found = me.state.get(name);
  return found === undefined ? null : pick(found);
};
const keySpec = { use: 'req', dynamic: true } as const;

export default defineModule({
  name: 'mqueue',
  doc: 'Queues shared by all routes.',
  uses: [],
  params: {
    mqueue: { type: 'str', many: true, doc: 'A queue: name=…;size=…;addmode=…' },
    mqueue_name: {
      type: 'str',
      many: true,
      takes: ['mqueue_size', 'mqueue_addmode'],
      doc: 'A queue with the size and mode that the parameters have above it.',
    },
    mqueue_size: { type: 'int', default: 0, doc: 'Most items of a queue declared by mqueue_name; 0: no limit.' },
    db_url: {
      type: 'str',
      default: '',
      doc: 'Database of the queues with a dbmode: 1 loaded at the start and saved at the stop, 2 loaded, 3 saved.',
    },
    mqueue_addmode: { type: 'int', default: 0, doc: '0 all items, 1 of equal keys the oldest, 2 the newest.' },
  },
  stats: {},
  state: (init, params): Queues => {
    if (init.previous instanceof Map) return init.previous as Queues;
    const queues: Queues = new Map();
    const all = [
      ...params.mqueue.map(declared),
      ...params.mqueue_name.map(([name, size, mode]) => new Queue(String(name), Number(size), Number(mode))),
    ];
    for (const one of all) {
      if (queues.has(one.name)) throw new StartError('SIPC8023', `mqueue: queue ${one.name} is declared twice`);
      queues.set(one.name, one);
    }
    return queues;
  },
  async start(me, server) {
    for (const queue of me.state.values()) {
      if (!queue.database.load && !queue.database.save) continue;
      if (me.params.db_url === '') throw noDatabase(queue.name);
      const db = await server.databases.open(me.params.db_url, me.name);
      // After a reload the queue is what it was.
      if (queue.database.load && queue.items.length === 0) await load(db, queue);
    }
  },
  async stop(me, server) {
    for (const queue of me.state.values())
      if (queue.database.save) await save(await server.databases.open(me.params.db_url, me.name), queue);
  },
  functions: {
    mq_add: {
      doc: 'Adds an item at the end.',
      args: [queue, varStr('key'), varStr('value')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'added, or there is one of this key', [-1]: 'no such queue' },
      example: 'mq_add("calls", "$ci", "$fU");',
      run(me, _ctx, name, key, value) {
        const found = me.state.get(name);
        found?.add(key, value);
        return found === undefined ? -1 : 1;
      },
    },
    mq_fetch: {
      doc: 'Takes the first item: $mqk and $mqv show it.',
      args: [queue],
      routes: ['any'],
      returns: { 1: 'there was one', [-1]: 'no such queue', [-2]: 'the queue is empty' },
      example: 'while (mq_fetch("calls")) { xlog("$mqk(calls): $mqv(calls)\\n"); }',
      run(me, _ctx, name) {
        const found = me.state.get(name);
        return found === undefined ? -1 : found.fetch() ? 1 : -2;
      },
    },
    mq_pv_free: {
      doc: 'Forgets the item that mq_fetch() took.',
      args: [queue],
      routes: ['any'],
      returns: { 1: 'always' },
      example: 'mq_pv_free("calls");',
      run(me, _ctx, name) {
        const found = me.state.get(name);
        if (found !== undefined) found.fetched = null;
        return 1;
      },
    },
    mq_size: {
      doc: 'Returns how many items there are.',
      args: [queue],
      routes: ['any'],
      returns: { [-1]: 'none', [-2]: 'no such queue' },
      positive: 'how many',
      example: 'mq_size("calls"); xlog("$rc waiting\\n");',
      run(me, _ctx, name) {
        const found = me.state.get(name);
        return found === undefined ? -2 : found.items.length || -1;
      },
    },
  },
  pvs: {
    mqk: { doc: 'Key of the item taken last.', type: 'str', key: keySpec, get: shown((q) => q.fetched?.key ?? null) },
    mqv: {
      doc: 'Value of the item taken last.',
      type: 'str',
      key: keySpec,
      get: shown((q) => q.fetched?.value ?? null),
    },
    mq_size: { doc: 'How many items a queue has.', type: 'int', key: keySpec, get: shown((q) => q.items.length) },
  },
  rpc: {
    'mqueue.get_size': {
      doc: 'Get size of mqueue.',
      run(me, call) {
        const name = call.str();
        const found = name === undefined ? undefined : me.state.get(name);
        if (name === undefined) call.fault(400, 'No queue name');
        else if (found === undefined) call.fault(404, 'No such queue');
        else call.struct().add('name', name).add('size', found.items.length);
      },
    },
    'mqueue.get_sizes': {
      doc: 'Get sizes of all mqueues.',
      array: true,
      run(me, call) {
        for (const { name, items } of [...me.state.values()].reverse())
          call.struct().add('name', name).add('size', items.length);
      },
    },
    'mqueue.fetch': {
      doc: 'Fetch an element from the queue.',
      run(me, call) {
        const name = call.str();
        const found = name === undefined ? undefined : me.state.get(name);
        if (name === undefined) call.fault(500, 'No queue name');
        else if (found === undefined) call.fault(500, 'No such queue');
        else if (!found.fetch()) call.fault(404, 'Empty queue');
        else
          call
            .struct()
            .add('key', found.fetched?.key ?? '')
            .add('val', found.fetched?.value ?? '');
      },
    },
  },
  eventRoutes: {},
  // bind_mq is for C modules.
  missing: [],
});
