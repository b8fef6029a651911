/**
 * Named iterators of a cfg: over the lines of a body, or whatever else stands in the message one after the other. They live as long as
 * the run of the route, as many at once as Kamailio has (textopsx.c, sdpops_mod.c).
 */
import type { RouteContext } from './context.js';
import { type ArgSpec, type FunctionSpec, type PvSpec, type Verdict, varStr } from './define.js';

const MAX_ITERATORS = 4;
const MAX_NAME_LENGTH = 31;

interface Position<T> {
  readonly items: readonly T[];
  /** -1: at none, before the first `next` and after the last. */
  at: number;
  /** Where it was before; null: nowhere. */
  before: number | null;
  /** It went beyond the last: only a new start brings it back. */
  over: boolean;
  /** Given back: its name still answers, and makes room for another. */
  ended: boolean;
}

/** The iterators of one kind; `key` names them among what a run keeps. */
export class Iterators<T> {
  constructor(private readonly key: string) {}

  #of(ctx: RouteContext): Map<string, Position<T>> {
    const known = ctx.data.get(this.key);
    if (known instanceof Map) return known;
    const made = new Map<string, Position<T>>();
    ctx.data.set(this.key, made);
    return made;
  }
  /** From before the first of `items`; -1 when there are too many iterators, or the name is too long. */
  start(ctx: RouteContext, name: string, items: readonly T[]): Verdict {
    const all = this.#of(ctx);
    if (!all.has(name)) {
      if (name.length > MAX_NAME_LENGTH) return -1;
      if (all.size >= MAX_ITERATORS) {
        const free = [...all].find(([, it]) => it.ended);
        if (free === undefined) return -1;
        all.delete(free[0]);
      }
    }
    all.set(name, { items, at: -1, before: null, over: false, ended: false });
    return 1;
  }
  next(ctx: RouteContext, name: string): Verdict {
    const it = this.#of(ctx).get(name);
    if (it === undefined || it.over) return -1;
    if (it.at >= 0) it.before = it.at;
    if (it.at + 1 < it.items.length) {
      it.at++;
      return 1;
    }
    it.at = -1;
    it.over = true;
    return -1;
  }
  /** Kamailio's ki_hf_iterator_prev(): from the first it goes to before it, which counts as done, as does from there. */
  previous(ctx: RouteContext, name: string): Verdict {
    const it = this.#of(ctx).get(name);
    if (it === undefined || it.over) return -1;
    if (it.before !== null && it.before !== it.at) it.at = it.before;
    else if (it.before !== null && it.at >= 2) {
      it.before = it.at - 2;
      it.at--;
    } else if (it.before !== null && it.at === 1 && it.items.length === 2) {
      it.before = null;
      it.at = 0;
    } else {
      it.before = null;
      it.at = -1;
    }
    return 1;
  }
  /** Back to before the first of `items`: what a later `next` finds there. */
  end(ctx: RouteContext, name: string, items: readonly T[]): Verdict {
    const all = this.#of(ctx);
    const it = all.get(name);
    if (it === undefined) return -1;
    all.set(name, { items, at: -1, before: it.before, over: false, ended: true });
    return 1;
  }
  current(ctx: RouteContext, name: string): T | undefined {
    const it = this.#of(ctx).get(name);
    return it?.items[it.at];
  }
}

/** Offsets in the message, line end included. */
interface Line {
  readonly start: number;
  readonly end: number;
}
/** The lines of the message from `from` up to `to`. */
export function linesBetween(raw: string, from: number, to: number): readonly Line[] {
  const lines: Line[] = [];
  for (let at = from; at < to; ) {
    const lf = raw.indexOf('\n', at);
    const end = lf < 0 || lf >= to ? to : lf + 1;
    lines.push({ start: at, end });
    at = end;
  }
  return lines;
}

/** -1: there is no such place. */
export const insertAt = (ctx: RouteContext, at: number | undefined, added: string): Verdict =>
  at !== undefined && (added === '' || ctx.draft.edits.insert(at, added)) ? 1 : -1;

type Fn<Args extends readonly ArgSpec[]> = FunctionSpec<unknown, RouteContext, Args>;
const done = { 1: 'done', [-1]: 'failed' } as const;
const iterator = varStr('iterator', 'its name');
const text = varStr('text');

/**
 * The six functions `PREFIX_iterator_…` and the pseudo-variable that reads the line an iterator is at. `linesOf`: where the lines
 * stand; null where there are none.
 */
export function lineIterator(
  prefix: string,
  pvName: string,
  of: string,
  linesOf: (ctx: RouteContext) => readonly Line[] | null,
) {
  const iterators = new Iterators<Line>(`${prefix}.lines`);
  const call = (what: string, more = '') => `${prefix}_iterator_${what}("b1"${more});`;
  const start: Fn<[typeof iterator]> = {
    doc: `Starts a named iterator over the lines of ${of}.`,
    args: [iterator],
    routes: ['any'],
    returns: done,
    example: `${call('start')} while (${call('next').slice(0, -1)}) { xlog("$${pvName}(b1)\\n"); } ${call('end')}`,
    run(_me, ctx, name) {
      const lines = linesOf(ctx);
      return lines === null ? -1 : iterators.start(ctx, name, lines);
    },
  };
  const next: Fn<[typeof iterator]> = {
    doc: 'Goes to the next line.',
    args: [iterator],
    routes: ['any'],
    returns: { 1: 'there is one', [-1]: 'no more, or no such iterator' },
    example: call('next'),
    run: (_me, ctx, name) => iterators.next(ctx, name),
  };
  const end: Fn<[typeof iterator]> = {
    doc: 'Gives the iterator back.',
    args: [iterator],
    routes: ['any'],
    returns: done,
    example: call('end'),
    run: (_me, ctx, name) => iterators.end(ctx, name, []),
  };
  const rm: Fn<[typeof iterator]> = {
    doc: 'Removes the line the iterator is at.',
    args: [iterator],
    routes: ['any'],
    returns: done,
    example: call('rm'),
    run(_me, ctx, name) {
      const line = iterators.current(ctx, name);
      return line !== undefined && ctx.draft.edits.remove(line.start, line.end) ? 1 : -1;
    },
  };
  const append: Fn<[typeof iterator, typeof text]> = {
    doc: 'Adds text after the line the iterator is at.',
    args: [iterator, text],
    routes: ['any'],
    returns: done,
    example: call('append', ', "a=my\\r\\n"'),
    run: (_me, ctx, name, added) => insertAt(ctx, iterators.current(ctx, name)?.end, added),
  };
  const insert: Fn<[typeof iterator, typeof text]> = {
    doc: 'Adds text before the line the iterator is at.',
    args: [iterator, text],
    routes: ['any'],
    returns: done,
    example: call('insert', ', "a=my\\r\\n"'),
    run: (_me, ctx, name, added) => insertAt(ctx, iterators.current(ctx, name)?.start, added),
  };
  const line: PvSpec<unknown, RouteContext> = {
    doc: `The line of ${of} a named iterator is at, with its line end.`,
    type: 'str',
    key: { use: 'req' },
    get(_me, ctx, name) {
      const at = iterators.current(ctx, name);
      return at === undefined ? null : ctx.msg.raw.slice(at.start, at.end);
    },
  };
  return { start, next, end, rm, append, insert, line };
}
