/**
 * What a scenario file exports: a group of scenarios that run on one server process with one cfg.
 */
import type { PeerProto } from '../support/peers.js';
import type { PeerName } from '../support/ports.js';
import type { Party, SendOptions } from './party.js';

export type Stage = Readonly<Record<PeerName, Party>> & {
  /** `sip:127.0.0.1:21700`, or with a user in front. */
  uri(user?: string): string;
  /** Runs a kamcmd command; its output goes into the transcript. */
  rpc(...command: string[]): Promise<string>;
  /** As `rpc`, for words that differ from run to run: not compared. */
  quietly(...command: string[]): Promise<string>;
  /** The rows of a table, these columns, into the transcript: what the server left there. */
  rows(table: string, ...columns: string[]): Promise<void>;
  /** Stops the server, as its administrator would, and starts it again. */
  restart(): Promise<void>;
  /** Lets time pass: only for what a timer of the server does. */
  pause(ms: number): Promise<void>;
  readonly server: { readonly host: string; readonly port: number };
};

export interface Scenario {
  /** Names the golden and is part of every user name and Call-ID, so scenarios of a group do not meet in the location table. */
  readonly slug: string;
  readonly title: string;
  readonly play: (stage: Stage) => Promise<void>;
  readonly tcp: readonly PeerName[];
  readonly tls: readonly PeerName[];
  readonly ws: readonly PeerName[];
  readonly ipv6: boolean;
  readonly needs: readonly string[];
  /** Bytes that come again at the same peer are kept. */
  readonly keepRepeats: boolean;
  /** Only start lines and script lines are compared (and written to the golden). */
  readonly outlineOnly: boolean;
  /** nathelper's pings come at no certain time: they do not count. */
  readonly ignorePings: boolean;
  readonly files: readonly string[];
  /** Kamailio neither sends nor logs anything: that sipc does not either is what it shows. */
  readonly silent: boolean;
}

/** What a peer that speaks no SIP makes of a datagram: a line or more for the transcript, and what it answers; null: nothing. */
export type Speaker = (text: string) => { readonly note: string | null; readonly answer: string | null };

export interface Group {
  readonly name: string;
  /** Peers that speak another protocol, from before the server starts. */
  readonly speaks?: Readonly<Partial<Record<PeerName, Speaker>>>;
  /** A file in cfgs/, or an absolute path. */
  readonly cfg: string;
  /** The cfg itself, when it is made by a program. */
  readonly text?: string;
  readonly args: readonly string[];
  readonly scenarios: readonly Scenario[];
  /** Before the server starts, for each of the two: the rows it finds. */
  readonly prepare?: (shift: number) => Promise<void>;
  /** Added to the server's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files that lie beside the cfg, by name; the cfg writes `@HERE@/name`. */
  readonly beside?: Readonly<Record<string, string>>;
  /** After it stopped. */
  readonly finish?: () => void | Promise<void>;
  /** Where the group has a database: the rows of a table. */
  readonly read?: (table: string, columns: readonly string[]) => Promise<readonly (readonly string[])[]>;
  /** The database server that has to run on loopback. */
  readonly server?: 'mysql' | 'postgres';
}

export interface ScenarioOptions {
  /** Peers that speak TCP; the others speak UDP. */
  readonly tcp?: readonly PeerName[];
  /** Peers that speak TLS: to the port after the server's, listening on the port after their own. */
  readonly tls?: readonly PeerName[];
  /** Peers that open a WebSocket to the server. */
  readonly ws?: readonly PeerName[];
  /** Peers and server meet at ::1. Skipped, with the reason, where there is no ::1. */
  readonly ipv6?: boolean;
  /** Programs the scenario runs. */
  readonly needs?: readonly string[];
  readonly keepRepeats?: boolean;
  readonly outlineOnly?: boolean;
  readonly ignorePings?: boolean;
  /** Files the scenario reads: skipped, with the reason, where they are not. */
  readonly files?: readonly string[];
}

export function scenario(slug: string, title: string, play: Scenario['play'], options?: ScenarioOptions): Scenario {
  return {
    slug,
    title,
    play,
    tcp: options?.tcp ?? [],
    tls: options?.tls ?? [],
    ws: options?.ws ?? [],
    ipv6: options?.ipv6 ?? false,
    needs: options?.needs ?? [],
    keepRepeats: options?.keepRepeats ?? false,
    outlineOnly: options?.outlineOnly ?? false,
    ignorePings: options?.ignorePings ?? false,
    files: options?.files ?? [],
    silent: false,
  };
}

/** A scenario of which nothing comes. Others are not recorded when nothing came: Kamailio may not have run at all. */
export const silent = (one: Scenario): Scenario => ({ ...one, silent: true });

export function group(name: string, cfg: string, scenarios: readonly Scenario[], args: readonly string[] = []): Group {
  return { name, cfg, scenarios, args };
}

/** A group whose cfg is made by a program. */
export function generated(
  name: string,
  text: string,
  scenarios: readonly Scenario[],
  args: readonly string[] = [],
): Group {
  return { name, cfg: `${name}.cfg`, text, args, scenarios };
}

export type { PeerProto };

/** One OPTIONS to the user `slug`, whose route in the cfg logs what it finds and answers 200. */
export function probe(slug: string, title: string, options: SendOptions = {}): Scenario {
  return scenario(slug, title, async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri(slug), options);
    await alice.receives(200);
  });
}

/** A call from INVITE to the ACK of its 200. */
export async function establish(caller: Party, callee: Party) {
  const invite = await caller.invite(callee);
  const incoming = await callee.receives('INVITE');
  await callee.reply(incoming, 180);
  await caller.receives(180);
  await callee.reply(incoming, 200, { body: callee.sdp });
  const ok = await caller.receives(200, 'INVITE');
  await caller.ack(invite, ok);
  await callee.receives('ACK');
  return { invite, incoming, ok, caller: caller.dialog(invite, ok), callee: callee.dialog(incoming) };
}

/** BYE and its 200. */
export async function hangUp(
  dialog: { send(method: string): Promise<unknown> },
  from: Party,
  to: Party,
): Promise<void> {
  await dialog.send('BYE');
  await to.reply(await to.receives('BYE'), 200);
  await from.receives(200, 'BYE');
}
