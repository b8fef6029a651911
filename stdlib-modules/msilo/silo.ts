/** The silo: messages in a table until who they are for is there to take them (msilo.c). */
import { type Database, DbBlob, type DbCell, type DbRow, type ServerApi, type Timer } from '../../runtime/sdk/index.js';
import { bodyOf, headersOf } from './text.js';

export interface Columns {
  readonly sc_mid: string;
  readonly sc_from: string;
  readonly sc_to: string;
  readonly sc_uri_user: string;
  readonly sc_uri_host: string;
  readonly sc_body: string;
  readonly sc_ctype: string;
  readonly sc_exp_time: string;
  readonly sc_inc_time: string;
  readonly sc_snd_time: string;
  readonly sc_stored_hdrs: string;
  readonly sc_callid: string;
}
export interface SiloSettings extends Columns {
  readonly db_table: string;
  readonly add_date: number;
  readonly add_contact: number;
  readonly outbound_proxy: string;
  readonly reminder: string;
  readonly check_time: number;
  readonly send_time: number;
  readonly clean_period: number;
  /** Bit 1: messages keep their Call-ID. */
  readonly use_mode: number;
}
type StatName = 'stored_messages' | 'dumped_messages' | 'failed_messages' | 'dumped_reminders' | 'failed_reminders';
export type Counters = Readonly<Record<StatName, { value: number }>>;

interface Owner {
  readonly user: string;
  readonly host: string;
}
export interface StoredMessage {
  readonly owner: Owner;
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly contentType: string;
  readonly expiresSec: number;
  readonly nowSec: number;
  readonly sendSec: number;
  readonly headers: string;
  readonly callId: string;
}
interface Sent {
  readonly reminder: boolean;
  /** Null: not answered yet. */
  answered: 'done' | 'failed' | null;
}

const text = (cell: DbCell | undefined): string => (cell === null || cell === undefined ? '' : String(cell));

export class Silo {
  /** Messages on their way, by number: they are not sent twice. */
  readonly #sent = new Map<number, Sent>();
  #timers: Timer[] = [];
  #checks = 0;

  constructor(
    private readonly db: Database,
    private readonly settings: SiloSettings,
    private readonly stats: Counters,
    private readonly server: ServerApi,
  ) {}
  get #keepsCallId(): boolean {
    return (this.settings.use_mode & 1) !== 0;
  }
  get #nowSec(): number {
    return Math.floor(this.server.env.clock.now() / 1000);
  }

  start(): void {
    const { check_time, send_time, reminder } = this.settings;
    if (check_time > 0) this.#every(check_time, () => this.#clean());
    if (send_time > 0 && reminder !== '') this.#every(send_time, () => this.#remind());
  }
  #every(seconds: number, work: () => Promise<void>): void {
    const timer: Timer = this.server.env.clock.setTimer(seconds * 1000, () => {
      void work()
        .catch((error: unknown) =>
          this.server.log(-1, 'msilo', `timer: ${error instanceof Error ? error.message : String(error)}`),
        )
        .then(() => {
          if (this.#timers.includes(timer)) timer.rearm(seconds * 1000);
        });
    });
    this.#timers.push(timer);
  }
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  async count({ user, host }: Owner): Promise<number> {
    const { db_table, sc_uri_user, sc_uri_host, sc_inc_time } = this.settings;
    const where = { [sc_uri_user]: user, [sc_uri_host]: host };
    return (await this.db.query(db_table, { where, columns: [sc_inc_time] })).rows.length;
  }
  async store(m: StoredMessage): Promise<void> {
    const c = this.settings;
    const row: DbRow = {
      [c.sc_uri_user]: m.owner.user,
      [c.sc_uri_host]: m.owner.host,
      [c.sc_to]: m.to,
      [c.sc_from]: m.from,
      [c.sc_body]: new DbBlob(m.body),
      [c.sc_ctype]: m.contentType,
      [c.sc_exp_time]: m.nowSec + m.expiresSec,
      [c.sc_inc_time]: m.nowSec,
      [c.sc_snd_time]: m.sendSec,
      [c.sc_stored_hdrs]: new DbBlob(m.headers),
      ...(this.#keepsCallId ? { [c.sc_callid]: m.callId } : {}),
    };
    await this.db.insert(c.db_table, row);
    this.stats.stored_messages.value++;
  }

  /** Sends what is stored for an owner. False: a message could not be put together. */
  async dump({ user, host }: Owner, furtherHeaders: string): Promise<boolean> {
    const c = this.settings;
    const found = await this.db.query(c.db_table, {
      where: { [c.sc_uri_user]: user, [c.sc_uri_host]: host, [c.sc_snd_time]: 0 },
      columns: [
        c.sc_mid,
        c.sc_from,
        c.sc_to,
        c.sc_body,
        c.sc_ctype,
        c.sc_inc_time,
        c.sc_stored_hdrs,
        ...(this.#keepsCallId ? [c.sc_callid] : []),
      ],
      order: [c.sc_mid],
    });
    for (const [id, from, to, body, type, came, headers, callId] of found.rows) {
      const sent = this.#begin(Number(id), false);
      if (sent === null) continue;
      const at = Number(came);
      const contact = c.add_contact !== 0 ? text(from) : '';
      const fields = headersOf(text(type), contact, at, furtherHeaders + text(headers));
      if (fields === null) {
        sent.answered = 'failed';
        return false;
      }
      const dated = c.add_date !== 0 && text(type) === 'text/plain';
      const shown = dated ? bodyOf(text(body), 'Offline', at) : text(body);
      await this.#send(sent, text(to), text(from), fields, shown, text(callId));
    }
    return true;
  }
  /** Null: it is on its way already. */
  #begin(id: number, reminder: boolean): Sent | null {
    if (this.#sent.has(id)) return null;
    const sent: Sent = { reminder, answered: null };
    this.#sent.set(id, sent);
    return sent;
  }
  /** `callId` '': a new one. */
  async #send(sent: Sent, to: string, from: string, headers: string, body: string, callId = ''): Promise<void> {
    const { outbound_proxy: proxy } = this.settings;
    const { code } = await this.server.transactions.request({
      method: 'MESSAGE',
      uri: to,
      ...(proxy === '' ? {} : { nextHop: proxy }),
      to,
      from,
      ...(callId === '' ? {} : { callId }),
      headers,
      body,
      completed: ({ status }) => {
        sent.answered = status >= 300 ? 'failed' : 'done';
      },
    });
    if (code < 0) sent.answered = 'failed';
  }

  /** Takes out what was answered and, each `clean_period`th time, what is too old. */
  async #clean(): Promise<void> {
    const c = this.settings;
    for (const [id, { reminder, answered }] of [...this.#sent]) {
      if (answered === null) continue;
      const done = answered === 'done';
      if (done) await this.db.delete(c.db_table, { [c.sc_mid]: id });
      // A reminder that failed is kept as a message.
      else if (reminder) await this.db.update(c.db_table, { [c.sc_snd_time]: 0 }, { [c.sc_mid]: id });
      this.stats[`${done ? 'dumped' : 'failed'}_${reminder ? 'reminders' : 'messages'}`].value++;
      // Not before its row is gone: who finds that would send it again.
      this.#sent.delete(id);
    }
    this.#checks++;
    if (c.clean_period > 0 && this.#checks % c.clean_period === 0)
      await this.db.delete(c.db_table, [[c.sc_exp_time, '<=', this.#nowSec]]);
  }

  /** Sends the messages whose time has come. */
  async #remind(): Promise<void> {
    const c = this.settings;
    const found = await this.db.query(c.db_table, {
      where: [
        [c.sc_snd_time, '!=', 0],
        [c.sc_snd_time, '<=', this.#nowSec],
      ],
      columns: [c.sc_mid, c.sc_uri_user, c.sc_uri_host, c.sc_body, c.sc_ctype, c.sc_snd_time],
    });
    for (const [id, user, host, body, type, at] of found.rows) {
      if (user === null || host === null || body === null) continue;
      const sent = this.#begin(Number(id), true);
      if (sent === null) continue;
      const fields = headersOf(text(type), c.add_contact !== 0 ? c.reminder : '', 0, '');
      if (fields === null) {
        sent.answered = 'failed';
        continue;
      }
      const shown = c.add_date !== 0 ? bodyOf(text(body), 'Reminder', Number(at)) : text(body);
      await this.#send(sent, `sip:${text(user)}@${text(host)}`, c.reminder, fields, shown);
    }
  }
}
