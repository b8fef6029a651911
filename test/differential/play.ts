/**
 * Plays a group of scenarios against one running server and returns what every peer received, with the log lines of the script.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerSockets } from '../support/peers.js';
import {
  differentialPort,
  fromWire,
  isOfRun,
  type PeerName,
  peerNames,
  peerPorts,
  portShifts,
  toWire,
} from '../support/ports.js';
import { accepts, type LaunchOptions, type ScriptLog, type ServerProcess } from '../support/server-process.js';
import { tlsFolderCopy } from '../support/tls-files.js';
import { type Masked, Masks } from './mask.js';
import { Party, type Setting, Stuck } from './party.js';
import type { Group, Scenario, Stage } from './scenario.js';

export interface Transcript extends Masked {
  /** Why the scenario could not be played to its end. */
  readonly stopped?: string;
}

export interface Pace {
  /** For what a peer waits for. */
  readonly waitMs: number;
  /** Nothing came for so long: the scenario is over. */
  readonly quietMs: number;
  /** For the server to end when all is played; none: as long as it takes. */
  readonly graceMs?: number;
}
/** It is known what comes, so a busy machine gets time for it; what a phone left unanswered need not be waited for at the end. */
export const sipcPace: Pace = { waitMs: 5_000, quietMs: 70, graceMs: 20 };

export type Start = (options: LaunchOptions) => Promise<ServerProcess>;

/** All peers of all scenarios; opened once. */
export class Players {
  private constructor(
    readonly sockets: ReadonlyMap<PeerName, PeerSockets>,
    readonly ipv6: boolean,
    readonly shift: number,
  ) {}

  static async open(): Promise<Players> {
    const ipv6 = Object.values(networkInterfaces()).some((entries) =>
      entries?.some(({ address }) => address === '::1'),
    );
    for (const shift of portShifts) {
      const sockets = new Map<PeerName, PeerSockets>();
      try {
        if (await accepts(differentialPort + shift)) continue;
        for (const name of peerNames) sockets.set(name, await PeerSockets.open(name, peerPorts[name] + shift, ipv6));
        return new Players(sockets, ipv6, shift);
      } catch {
        for (const open of sockets.values()) await open.close();
      }
    }
    throw new Error('all port ranges of test/support/ports.ts are in use');
  }
  async close(): Promise<void> {
    await Promise.all([...this.sockets.values()].map((sockets) => sockets.close()));
  }
}

/** Stands in a cfg for the folder with certificates, and its slash. */
const TLS_FOLDER = '@TLS@';
/** Stands in a cfg, and in the files beside it, for its own folder. */
const OWN_FOLDER = '@HERE@';

/** The cfg with its ports moved, when they are, and the folder of certificates put in. */
function cfgFor(group: Group, shift: number): string {
  if (isAbsolute(group.cfg)) return group.cfg;
  const path = fileURLToPath(new URL(`cfgs/${group.cfg}`, import.meta.url));
  const text = group.text ?? readFileSync(path, 'latin1');
  const needsFiles = text.includes(TLS_FOLDER);
  const beside = Object.entries(group.beside ?? {});
  if (shift === 0 && !needsFiles && beside.length === 0 && group.text === undefined) return path;
  const inPlace = (cfg: string, folder: string) => toWire(cfg.replaceAll(TLS_FOLDER, folder), shift);
  const folder = needsFiles ? tlsFolderCopy(inPlace) : '';
  const own = mkdtempSync(join(tmpdir(), 'sipc-cfg-'));
  for (const [name, content] of [...beside, [group.cfg, text] as const])
    writeFileSync(join(own, name), inPlace(content, folder).replaceAll(OWN_FOLDER, own), 'latin1');
  return join(own, group.cfg);
}

export class Theatre {
  #log: ScriptLog[] = [];
  /** Call-IDs of scenarios that are over: what still comes for them is a late retransmission. */
  readonly #retired = new Set<string>();
  #lastEvent = 0;

  private constructor(
    readonly players: Players,
    readonly pace: Pace,
    private readonly group: Group,
  ) {}

  server!: ServerProcess;
  private startServer!: () => Promise<ServerProcess>;
  private finish: Group['finish'];
  private read: Group['read'];

  static async open(start: Start, players: Players, group: Group, pace: Pace): Promise<Theatre> {
    const theatre = new Theatre(players, pace, group);
    for (const [name, sockets] of players.sockets) theatre.#listen(name, sockets, null);
    await group.prepare?.(players.shift);
    theatre.finish = group.finish;
    theatre.read = group.read;
    theatre.startServer = () =>
      start({
        cfg: cfgFor(group, players.shift),
        port: differentialPort + players.shift,
        ipv6: players.ipv6,
        env: group.env,
        args: group.args.map((word) => toWire(word, players.shift)),
        // The cfgs of probes have thousands of lines, and groups start side by side.
        readyWithinMs: 60_000,
        onLog: (line) => {
          theatre.#lastEvent = performance.now();
          theatre.#log.push({ level: line.level, text: fromWire(line.text, players.shift) });
        },
      });
    theatre.server = await theatre.startServer();
    // What a cfg logs while the server starts is of no scenario: none of it may come late.
    if (theatre.#log.length > 0) await theatre.#settle();
    return theatre;
  }

  async close(): Promise<void> {
    await this.server.stop(this.pace.graceMs);
    await this.finish?.();
  }

  /** With a golden, what it shows and did not come yet is waited for as long as a peer waits: on a busy machine it may be late. */
  async play(scenario: Scenario, golden?: Masked): Promise<Transcript> {
    const { shift } = this.players;
    const host = scenario.ipv6 ? '[::1]' : '127.0.0.1';
    let calls = 0;
    const setting: Setting = {
      slug: scenario.slug,
      serverHost: host,
      serverPort: differentialPort,
      shift,
      waitMs: this.pace.waitMs,
      sent: [],
      made: new Set(),
      nextCallId: () => `call-${++calls}-${scenario.slug}`,
    };
    const parties = new Map<PeerName, Party>();
    for (const [name, sockets] of this.players.sockets) {
      const party = new Party(name, protoOf(scenario, name), setting, sockets, scenario.ipv6);
      parties.set(name, party);
      this.#listen(name, sockets, party);
    }
    this.#log = [];
    const rpc: { command: string; output: string }[] = [];
    const stage: Stage = {
      ...(Object.fromEntries(parties) as Record<PeerName, Party>),
      uri: (user) => `sip:${user === undefined ? '' : `${user}@`}${host}:${differentialPort}`,
      rows: async (table, ...columns) => {
        const rows = (await this.read?.(table, columns)) ?? [];
        // A table has no order, and a flush writes in that of a hash.
        const lines = rows.map((row) => row.map((cell, i) => `${columns[i]}=${cell}`).join(' ')).sort();
        rpc.push({ command: `rows of ${table}`, output: fromWire(lines.join('\n'), shift) });
      },
      restart: async () => {
        await this.server.stop();
        this.server = await this.startServer();
      },
      pause,
      server: { host, port: differentialPort },
      quietly: async (...command) =>
        fromWire(await this.server.rpc(...command.map((word) => toWire(word, shift))), shift),
      rpc: async (...command) => {
        const output = fromWire(await this.server.rpc(...command.map((word) => toWire(word, shift))), shift);
        rpc.push({ command: command.join(' '), output });
        return output;
      },
    };
    let stopped: string | undefined;
    try {
      await scenario.play(stage);
    } catch (error) {
      if (!(error instanceof Stuck)) throw error;
      stopped = error.message;
    }
    const texts = (name: PeerName): string[] => {
      const all = (parties.get(name)?.received ?? [])
        .map((packet) => packet.text)
        .filter((text) => !(scenario.ignorePings && isPing(text)));
      return scenario.keepRepeats ? all : withoutRepeats(all);
    };
    const complete = () =>
      golden === undefined ||
      stopped !== undefined ||
      (this.#log.length >= golden.log.length &&
        peerNames.every((name) => texts(name).length >= (golden.peers[name]?.length ?? 0)));
    await this.#settle(complete);
    const ephemeral = new Map<number, string>();
    const peers: Record<string, string[]> = {};
    for (const [name, sockets] of this.players.sockets) {
      for (const port of sockets.ephemeralPorts) ephemeral.set(port, name);
      const received = texts(name);
      if (received.length > 0) peers[name] = received;
    }
    for (const { text } of this.#log) {
      for (const [, tag = ''] of text.matchAll(/;(?:from|to)_tag=([^;]+)/g)) {
        if (!setting.sent.some((message) => message.includes(tag))) setting.made.add(tag);
      }
    }
    const masks = new Masks(setting.made, ephemeral);
    const masked = masks.apply({ peers, log: this.#log, rpc });
    const kept = scenario.outlineOnly ? outline(masked) : masked;
    for (const sockets of this.players.sockets.values()) sockets.dropConnections();
    for (const text of setting.sent) this.#retired.add(callIdOf(text));
    this.#retired.delete('');
    return stopped === undefined ? kept : { ...kept, stopped };
  }

  /** What arrives at a peer goes to its party, and to what it speaks. */
  #listen(name: PeerName, sockets: PeerSockets, party: Party | null): void {
    const { shift } = this.players;
    const speaker = this.group.speaks?.[name];
    sockets.onArrival = (arrival) => {
      // Commands to a relay leave from a port of the system's choice.
      const port = speaker === undefined ? arrival.sourcePort : undefined;
      if (port !== undefined && !isOfRun(port, shift)) return;
      const text = fromWire(arrival.text, shift);
      const answer = (bytes: string) => arrival.answer(toWire(bytes, shift));
      const said = speaker?.(text);
      if (said?.answer) answer(said.answer);
      const shown = said === undefined ? text : said.note;
      if (shown === null || this.#retired.has(callIdOf(shown))) return;
      this.#lastEvent = performance.now();
      party?.arrived({ text: shown, proto: arrival.proto, answer });
    };
  }

  /** Until nothing has come for a while, and all there is to come is there or late. */
  async #settle(complete: () => boolean = () => true): Promise<void> {
    const { quietMs, waitMs } = this.pace;
    const since = performance.now();
    this.#lastEvent = since;
    for (;;) {
      const now = performance.now();
      const left = this.#lastEvent + quietMs - now;
      if (left > 0) await pause(left);
      else if (complete() || now > since + waitMs) return;
      else await pause(quietMs / 4);
    }
  }
}

const protoOf = ({ tcp, tls, ws }: Scenario, name: PeerName) =>
  tls.includes(name) ? 'tls' : ws.includes(name) ? 'ws' : tcp.includes(name) ? 'tcp' : 'udp';

/** nathelper's, as the stock cfg sets it up. */
const isPing = (text: string) => /^[\0\r\n]*$/.test(text) || /^OPTIONS .*^From: sip:pinger@/ms.test(text);
const callIdOf = (text: string) => /^(?:Call-ID|i)\s*:\s*(\S+)/im.exec(text)?.[1] ?? '';

/** Start lines, and log lines without their prefix. */
function outline(masked: Masked): Masked {
  const peers = Object.fromEntries(
    Object.entries(masked.peers).map(([name, texts]) => [name, texts.map((lines) => lines.slice(0, 1))]),
  );
  return { peers, log: masked.log.map((line) => line.replace(/^(\w+: ).*(<script>: )/, '$1$2')), rpc: masked.rpc };
}

/** A retransmission is the same bytes again: how many come depends on the machine's speed, so they count once. */
function withoutRepeats(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
