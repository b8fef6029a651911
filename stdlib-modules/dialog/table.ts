/**
 * All dialogs: in slots, as `;did` and the listings have them, and by Call-ID, as messages are matched (dlg_hash.c).
 */
import { coreHash } from '../../runtime/sdk/index.js';
import { type Dialog, Direction, type Ids } from './dialog.js';

/** More are refused: the memory of the process ends somewhere. */
const MAX_DIALOGS = 500_000;

export interface TableOptions {
  /** Slots: a power of two. */
  readonly size: number;
  /** First number and distance of the numbers given out (`h_id_start`, `h_id_step`). */
  readonly idStart: number;
  readonly idStep: number;
  readonly random: () => number;
}

export class DialogTable {
  readonly size: number;
  count = 0;
  private readonly first: (Dialog | null)[];
  private readonly last: (Dialog | null)[];
  private readonly nextIds: Uint32Array;
  private readonly byCall = new Map<string, Dialog>();

  constructor(
    private readonly options: TableOptions,
    /** Its last reference went: it has left the table. */
    private readonly destroyed: (dialog: Dialog) => void,
  ) {
    const { size, idStart, idStep, random } = options;
    this.size = size;
    this.first = new Array<Dialog | null>(size).fill(null);
    this.last = new Array<Dialog | null>(size).fill(null);
    this.nextIds = new Uint32Array(size);
    for (let i = 0; i < size; i++) {
      const seed = random() % (3 * size);
      this.nextIds[i] = idStep > 1 ? idStart + idStep * (seed + 1) : seed;
    }
  }

  get isFull(): boolean {
    return this.count >= MAX_DIALOGS;
  }
  entryOf(callId: string): number {
    return coreHash(callId, '') & (this.size - 1);
  }
  private nextId(entry: number): number {
    const { idStart, idStep } = this.options;
    const next = this.nextIds[entry] ?? 0;
    if (idStep > 1) {
      const id = next === 0 || next + idStep > 0xffff_ffff ? idStart + idStep : next;
      this.nextIds[entry] = id + idStep;
      return id;
    }
    this.nextIds[entry] = next + 1;
    return (next + 1) >>> 0 || 1;
  }

  /** With a new number, or with the one it had in the database. */
  link(dialog: Dialog, id: number | null = null): void {
    const entry = this.entryOf(dialog.callId);
    dialog.entry = entry;
    dialog.id = id ?? this.nextId(entry);
    if (id !== null && (this.nextIds[entry] ?? 0) <= id) {
      const { idStart, idStep } = this.options;
      if (idStep === 1) this.nextIds[entry] = id + 1;
      else if ((id - idStart) % idStep === 0) this.nextIds[entry] = id + idStep;
    }
    const last = this.last[entry] ?? null;
    dialog.prev = last;
    if (last === null) this.first[entry] = dialog;
    else last.next = dialog;
    this.last[entry] = dialog;
    const known = this.byCall.get(dialog.callId);
    if (known === undefined) this.byCall.set(dialog.callId, dialog);
    else {
      let end = known;
      while (end.nextOfCall !== null) end = end.nextOfCall;
      end.nextOfCall = dialog;
    }
    dialog.linked = true;
    dialog.refs = 1;
    this.count++;
  }
  private unlink(dialog: Dialog): void {
    const { entry, prev, next } = dialog;
    if (prev === null) this.first[entry] = next;
    else prev.next = next;
    if (next === null) this.last[entry] = prev;
    else next.prev = prev;
    dialog.next = dialog.prev = null;
    const head = this.byCall.get(dialog.callId);
    if (head === dialog) {
      if (dialog.nextOfCall === null) this.byCall.delete(dialog.callId);
      else this.byCall.set(dialog.callId, dialog.nextOfCall);
    } else {
      for (let d = head ?? null; d !== null; d = d.nextOfCall) {
        if (d.nextOfCall === dialog) d.nextOfCall = dialog.nextOfCall;
      }
    }
    dialog.nextOfCall = null;
    dialog.linked = false;
    this.count--;
  }
  hold(dialog: Dialog): void {
    dialog.refs++;
  }
  /** Gives back references; with the last one the dialog goes. */
  release(dialog: Dialog, count = 1): void {
    if (!dialog.linked || dialog.refs <= 0) return;
    dialog.refs -= count;
    if (dialog.refs <= 0) this.destroy(dialog);
  }
  /** Whoever holds it. */
  destroy(dialog: Dialog): void {
    if (!dialog.linked) return;
    this.unlink(dialog);
    this.destroyed(dialog);
  }

  byId(entry: number, id: number): Dialog | null {
    let dialog = this.first[entry] ?? null;
    while (dialog !== null && dialog.id !== id) dialog = dialog.next;
    return dialog;
  }
  ofCall(callId: string): Dialog | null {
    return this.byCall.get(callId) ?? null;
  }
  /** The dialog of a message; one whose callee is known is preferred, then the youngest. */
  find({ callId, ftag, ttag }: Ids): { readonly dialog: Dialog; readonly direction: Direction } | null {
    let undecided: Dialog | null = null;
    let way: Direction = Direction.none;
    for (let d = this.ofCall(callId); d !== null; d = d.nextOfCall) {
      const direction = d.directionOf(callId, ftag, ttag);
      if (direction === Direction.none) continue;
      if (d.callee.tag !== '') return { dialog: d, direction };
      undecided = d;
      way = direction;
    }
    return undecided === null ? null : { dialog: undecided, direction: way };
  }

  /** By slot, oldest first. One may be destroyed on the way. */
  *all(): IterableIterator<Dialog> {
    for (let i = 0; i < this.size; i++) {
      let dialog = this.first[i] ?? null;
      while (dialog !== null) {
        const { next } = dialog;
        yield dialog;
        dialog = next;
      }
    }
  }
}

/** `hash_size` as Kamailio rounds it: a power of two, down. */
export function slotsOf(asked: number): number {
  return 2 ** Math.min(20, Math.floor(Math.log2(Math.max(1, asked))));
}
