/**
 * Edits on a received text: insertions and removals that stay invisible until the message is sent, with the meaning of
 * Kamailio's lumps (data_lump.c): ordered by offset and, at one offset, by time of writing; a removal that overlaps an
 * earlier one takes what is left of it; what is inserted inside a removed range appears after it.
 */

import type { Proto } from '../env.js';
import type { ListenSocket, NextHop } from '../transport/types.js';
import type { HeaderId } from './headers.js';

/** Where a message is about to leave: what pieces such as Record-Route are made from. */
export interface Outgoing {
  readonly socket: ListenSocket;
  readonly proto: Proto;
  /** Null when a text is built that is not sent (`msg_apply_changes()`). */
  readonly hop: NextHop | null;
  /** Value of our Via's branch parameter. */
  readonly branchParam: string;
}

/** Text, or text that depends on the outgoing socket; '' adds nothing. */
export type Piece = string | ((out: Outgoing) => string);

export interface Edit {
  readonly start: number;
  /** Equal to `start`: only an insertion. */
  readonly end: number;
  /** Put before what is removed. */
  readonly piece: Piece | null;
  /** Header field it is about, when the author said so; 0 otherwise. */
  readonly about: HeaderId;
}

/** More than this on one message is a script gone wrong; further edits are refused. */
const MAX_EDITS = 4096;

/** Shared by all that have none yet. */
const NONE: Edit[] = [];

export class Edits {
  private list: Edit[];
  /** The list is in use by a clone too: copied before the next write. */
  private shared: boolean;
  private constructor(list: Edit[], shared: boolean) {
    this.list = list;
    this.shared = shared;
  }
  static empty(): Edits {
    return new Edits(NONE, true);
  }
  get isEmpty(): boolean {
    return this.list.length === 0;
  }
  get entries(): readonly Edit[] {
    return this.list;
  }

  /** Inserts at an offset, after everything inserted there so far. False: too many edits. */
  insert(at: number, piece: Piece, about: HeaderId = 0): boolean {
    return this.add({ start: at, end: at, piece, about });
  }
  /** Same as `insert`: reads better where a header field follows. */
  insertBefore(at: number, piece: Piece, about: HeaderId = 0): boolean {
    return this.insert(at, piece, about);
  }
  /** Inserts at an offset; reads better where a header field precedes. */
  insertAfter(at: number, piece: Piece, about: HeaderId = 0): boolean {
    return this.insert(at, piece, about);
  }
  remove(start: number, end: number, about: HeaderId = 0): boolean {
    return this.add({ start, end, piece: null, about });
  }
  replace(start: number, end: number, piece: Piece, about: HeaderId = 0): boolean {
    return this.add({ start, end, piece, about });
  }
  /** True when a removal covers this range entirely. */
  isRemoved(start: number, end: number): boolean {
    for (const e of this.list) if (e.end > e.start && e.start <= start && e.end >= end) return true;
    return false;
  }
  /** Takes back every edit for which `match` holds. */
  drop(match: (edit: Edit) => boolean): void {
    if (!this.list.some(match)) return;
    this.list = this.list.filter((e) => !match(e));
    this.shared = false;
  }

  /** Cheap: the list is shared until one side writes. */
  clone(): Edits {
    this.shared = true;
    return new Edits(this.list, true);
  }

  private add(edit: Edit): boolean {
    if (this.list.length >= MAX_EDITS) return false;
    if (this.shared) {
      this.list = this.list.slice();
      this.shared = false;
    }
    const { list } = this;
    let i = list.length;
    while (i > 0 && list[i - 1]!.start > edit.start) i--;
    if (i === list.length) list.push(edit);
    else list.splice(i, 0, edit);
    return true;
  }
}

export const resolve = (piece: Piece | null, out: Outgoing): string =>
  piece === null ? '' : typeof piece === 'string' ? piece : piece(out);

/** Applies edits (in order) to `raw` from offset `from` to its end. */
export function applyEdits(raw: string, edits: readonly Edit[], out: Outgoing, from = 0): string {
  let text = '';
  let at = from;
  for (const e of edits) {
    if (e.start > at) {
      text += raw.slice(at, e.start);
      at = e.start;
    }
    if (e.piece !== null) text += typeof e.piece === 'string' ? e.piece : e.piece(out);
    if (e.end > at) at = e.end;
  }
  return text + raw.slice(at);
}

/** By how much edits that begin at or after `from` change the length of the text. */
export function lengthChange(edits: readonly Edit[], from: number, out: Outgoing): number {
  let change = 0;
  let at = from;
  for (const e of edits) {
    if (e.start < from) continue;
    change += resolve(e.piece, out).length;
    const start = Math.max(e.start, at);
    if (e.end > start) {
      change -= e.end - start;
      at = e.end;
    }
  }
  return change;
}
