/**
 * `start()`: what a bundle calls. Builds the server from a linked program, opens its sockets, runs until a signal.
 *
 * Order: options → modules bound → program loaded → settings → modules started → sockets → control sockets. Anything wrong
 * ends it with one plain line and nothing left open.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Script as VmScript } from 'node:vm';
import { registerCoreRpc } from './admin/core-rpc.js';
import { registerDnsRpc } from './admin/dns-rpc.js';
import { registerModparamRpc } from './admin/modparam-rpc.js';
import { RpcRegistry } from './admin/rpc.js';
import { Stats } from './admin/stats.js';
import { registerTcpRpc } from './admin/tcp-rpc.js';
import { registerUdpRpc } from './admin/udp-rpc.js';
import { Databases } from './db/databases.js';
import { Blocklist } from './dns/blocklist.js';
import { Targets } from './dns/target.js';
import { realEnvironment } from './env/real.js';
import { type Environment, type LogLevel, prints } from './env.js';
import { StartError } from './errors.js';
import { lineLog, processLog, type RunningLog } from './log.js';
import { defaultGrammar, type Grammar, grammarOf } from './message/grammar.js';
import { ParseFailure, parseMessage, type SipMessage } from './message/message.js';
import { type Link, Modules } from './modules/bind.js';
import { parseOptions, type ServerOptions, usage } from './options.js';
import { dropPrivileges, enterFolder } from './privileges.js';
import type { ProxySettings } from './proxy/core.js';
import { Transactions } from './proxy/transactions.js';
import { MtuProto } from './proxy/udp-mtu.js';
import { HostNames } from './route/host-names.js';
import { type FindSelect, programLink } from './route/link.js';
import type { ModParam, Program, Pv, RouteFunction } from './route/program.js';
import { Receiver } from './route/receive.js';
import { Runner } from './route/run.js';
import { runFormat } from './route/run-format.js';
import { SourceLines } from './route/source-lines.js';
import type {
  AnyModule,
  LoadedConfig,
  Readable,
  RouteContext,
  SelectRead,
  ServerApi,
  ServerInfo,
} from './sdk/context.js';
import { setTold } from './sdk/tkv.js';
import { RouteWatch } from './sdk/watch.js';
import { Settings } from './settings.js';
import type { Transaction } from './transaction/transaction.js';
import type { ListenSpec } from './transport/listen.js';
import { Transports } from './transport/transports.js';
import type { ListenSocket, ReceiveInfo } from './transport/types.js';

export interface StartOptions {
  readonly argv: readonly string[];
  /** Core first, then in load order. */
  readonly modules: readonly AnyModule[];
  readonly programText: string;
  readonly programMap: string;
  readonly programPath: string;
  /** For what reports the cfg by name; the program knows its own path. */
  readonly cfgPath?: string;
  readonly name?: string;
  readonly version: string;
  /** Tests: another environment, no signals, nothing printed. */
  readonly environment?: Environment;
  readonly print?: (line: string) => void;
  readonly signals?: boolean;
}

const EMPTY_CONFIG: LoadedConfig = {
  source: '',
  flags: {},
  defines: {},
  modules: [],
  pvs: [],
  has: () => false,
  place: () => undefined,
};

/** A running server. */
export class Server implements ServerApi {
  readonly env: Environment;
  readonly settings: Settings;
  readonly transports: Transports;
  readonly transactions: Transactions;
  readonly targets: Targets;
  readonly blocklist: Blocklist;
  readonly stats = new Stats();
  readonly rpc = new RpcRegistry({
    seconds: () => this.settings.values.rpc_exec_delta,
    now: () => this.env.clock.monotonic(),
  });
  readonly databases: Databases;
  readonly info: ServerInfo;
  readonly argv: readonly string[];
  config: LoadedConfig = EMPTY_CONFIG;
  grammar: Grammar = defaultGrammar;
  readonly #hosts: HostNames;
  #runner: Runner | null = null;
  #modules: Modules | null = null;
  #program: Program | null = null;
  #detachedMessage: SipMessage | null = null;
  #stopping: Promise<void> | null = null;
  /** Settles once the server has stopped. */
  readonly stopped: Promise<void>;
  #hasStopped: () => void = () => {};

  constructor(env: Environment, settings: Settings, argv: readonly string[], info: { name: string; version: string }) {
    this.env = env;
    this.settings = settings;
    this.argv = argv;
    this.#hosts = new HostNames(env.resolver, env.clock);
    this.info = { ...info, pid: process.pid, environment: process.env, startedAt: env.clock.now() };
    this.databases = new Databases(env.clock, (level, source, text) => this.log(level, source, text));
    this.transports = new Transports(env, settings.values);
    this.targets = new Targets(env, settings.values, {
      protos: () => [...new Set(this.transports.sockets.map(({ proto }) => proto))],
      grammar: () => this.grammar,
    });
    this.targets.cache.onSlow = (question, ms) => this.log(0, 'dns', `${question} took ${Math.round(ms)} ms`);
    env.resolver.settings = settings.values;
    this.blocklist = new Blocklist(env.clock, settings.values);
    this.transactions = new Transactions({
      blocklist: this.blocklist,
      env,
      transports: this.transports,
      resolve: this.targets.resolve,
      settings: proxySettings(settings, () => this.grammar),
    });
    this.stopped = new Promise((resolve) => {
      this.#hasStopped = resolve;
    });
  }

  readonly watch = new RouteWatch();
  readonly messageCount = { value: 0 };

  get script(): Runner {
    if (this.#runner === null) throw new TypeError('no program is loaded yet');
    return this.#runner;
  }
  get program(): Program {
    if (this.#program === null) throw new TypeError('no program is loaded yet');
    return this.#program;
  }
  log(level: LogLevel, source: string, text: string, at?: string): void {
    if (prints(this.env.log, level, source)) this.env.log.write({ level, source, text, at });
  }
  pv(name: string): Readable | null {
    const pvs: Readonly<Record<string, Pv>> = this.#modules?.pvs ?? {};
    const found = Object.hasOwn(pvs, `$${name}`) ? pvs[`$${name}`] : undefined;
    if (!found) return null;
    const { set } = found;
    return {
      get: (ctx, key, index) => found(ctx, key, index),
      set: (ctx, value, key, index) => set(ctx, value, key, index),
    };
  }
  format(text: string): (ctx: RouteContext) => string {
    return runFormat(text, this.#modules?.pvs ?? {});
  }
  select(words: readonly (string | number)[]): SelectRead | null {
    return this.#modules?.findSelect(words) ?? null;
  }
  detachedRun(msg?: SipMessage, t?: Transaction): RouteContext {
    return this.script.detached(msg ?? this.detachedMessage(), t ?? null);
  }

  /** Binds the modules and evaluates the program; opens nothing. */
  load(
    modules: readonly AnyModule[],
    program: { text: string; map: string; path: string },
    options: ServerOptions,
  ): void {
    const bound = new Modules(modules, this);
    this.#modules = bound;
    const find: FindSelect = (words) => bound.findSelect(words);
    const link: Link = {
      program: programLink(this, find, this.#hosts, bound.pvs),
      modules: bound.functions,
      pvs: bound.pvs,
    };
    const factory: unknown = new VmScript(program.text, { filename: program.path }).runInThisContext();
    if (typeof factory !== 'function') throw new StartError('SIPC8030', `${program.path} is not a compiled program`);
    const loaded: Program = factory(link);
    this.#program = loaded;
    this.applySettings(loaded, options);
    const lines = new SourceLines(program.map, program.path);
    this.config = configOf(loaded, lines);
    const { log_prefix: prefix } = this.settings.values;
    this.#runner = new Runner({
      server: this,
      program: loaded,
      lines,
      logPrefix: prefix === '' ? null : runFormat(prefix, bound.pvs),
    });
    this.transactions.script = this.#runner;
    this.#tellOfErrors();
    registerCoreRpc(this);
    registerTcpRpc(this);
    registerUdpRpc(this);
    registerDnsRpc(this);
    registerModparamRpc({ rpc: this.rpc, moduleParams: () => bound.params() });
    bound.configure(this.#evaluate(loaded.modparams));
  }
  /** `modparamx`: pseudo-variables in the value are those of a made-up request, as in Kamailio. */
  #evaluate(written: readonly ModParam[]): readonly ModParam[] {
    if (!written.some((p) => p.evaluated)) return written;
    const ctx = this.detachedRun(ownMessage(unopened, this.grammar, this.env.clock.now()));
    return written.map((p) => (p.evaluated && typeof p.value === 'function' ? { ...p, value: p.value(ctx) } : p));
  }
  private applySettings(program: Program, options: ServerOptions): void {
    for (const [name, value] of Object.entries({ ...program.settings, ...options.settings })) {
      const problem = this.settings.assign(name, value);
      if (problem) throw new StartError('SIPC8031', problem);
    }
    if (options.debug > 0) this.settings.values.debug = options.debug;
    this.env.log.level = this.settings.values.debug;
    this.databases.versionTable = this.settings.values.version_table;
    this.databases.latency = this.settings.values;
    this.grammar = grammarOf(this.settings.values);
    this.settings.onChange((name, value) => {
      if (name === 'debug') this.env.log.level = Number(value);
      if (name === 'latency_limit_action' && value !== 0 && !Object.hasOwn(program.settings, name))
        this.log(0, '<core>', `${name}: this program measures no actions; write ${name}=0 into the cfg`);
      if (name === 'dns_reinit' && value === 1) {
        this.env.resolver.reload();
        this.settings.values.dns_reinit = 0;
      }
    });
    for (const { group, name, value, description } of program.custom)
      this.settings.define(group, name, value, description);
  }

  /**
   * As Kamailio's `main()`: the modules start, then the sockets are opened, then what is not SIP is listened for (ctl,
   * jsonrpcs); a message or a command never meets a server half started. On an error all of it is closed again.
   */
  async open(listen: readonly string[]): Promise<void> {
    const { program } = this;
    for (const { proto, host, port } of program.aliases)
      this.transports.addAliasText(`${proto ? `${proto}:` : ''}${host}${port ? `:${port}` : ''}`);
    this.#checkTls();
    await this.#hosts.ready();
    await this.transports.prepare([...listen.map(fromFlag), ...program.listen.map(fromProgram)]);
    try {
      await this.#modules?.start();
      await this.#openSockets();
    } catch (error) {
      await this.#modules?.stop();
      this.transports.stop();
      await this.databases.close();
      throw error;
    }
  }
  /** What comes in at one socket before all else is open waits for it, as it would in the socket's queue. */
  async #openSockets(): Promise<void> {
    const receiver = new Receiver(this, this.script);
    let early: { readonly bytes: string; readonly received: ReceiveInfo }[] | null = [];
    await this.transports.open((bytes, received) => {
      if (early === null) return receiver.receive(bytes, received);
      if (early.length < MAX_EARLY) early.push({ bytes, received });
      return true;
    });
    await this.#modules?.serve();
    const serveEarly = () => {
      const waiting = early ?? [];
      early = null;
      for (const { bytes, received } of waiting) receiver.receive(bytes, received);
    };
    // What came meanwhile is served once the start has been told.
    if (early.length === 0) serveEarly();
    else this.env.clock.setTimer(0, serveEarly);
  }

  /** `async_tkv_evcb`: the event block that sees what goes wrong (tcp_read.c is all that tells in Kamailio's core). */
  #tellOfErrors(): void {
    const { async_tkv_gname: group, async_tkv_evcb: name } = this.settings.values;
    if (group === '' || !this.script.hasEvent(name)) return;
    this.transports.connections.onReadError = ({ remote, local }, code) => {
      const value = `erno=${errorNumber(code)};srcip=${remote.ip};dstip=${local.ip}`;
      void this.script.runEvent(name, this.detachedMessage(), (ctx) =>
        setTold(ctx, { type: 1200, key: 'tcp-read-error', value }),
      );
    };
  }

  /** As Kamailio: TLS sockets without the module that serves them are left out, with a word. */
  #checkTls(): void {
    const { values } = this.settings;
    if (!values.enable_tls || values.disable_tls || this.config.modules.includes('tls')) return;
    this.log(0, '<core>', 'enable_tls is set, but the tls module is not loaded: TLS sockets are not opened');
    values.disable_tls = 1;
  }

  /** `event_route[core:worker-one-init]`: `drop` in it refuses the start, as in Kamailio. */
  async begin(): Promise<void> {
    const ctx = await this.script.runEvent('core:worker-one-init', this.detachedMessage());
    if (!ctx?.dropped) return;
    await this.stop(0);
    throw new StartError('SIPC8050', 'event_route[core:worker-one-init] ended with drop: the cfg refuses to start');
  }

  shutdown(): void {
    void this.stop();
  }
  /** Takes nothing new, lets what is under way finish for a short while, then closes. A second call cuts it short. */
  stop(waitMs = DRAIN_MS): Promise<void> {
    this.#stopping ??= this.drainAndClose(waitMs);
    return this.#stopping;
  }
  presetVariable(name: string, value: string | number): void {
    this.script.presets.set(name, value);
  }
  private async drainAndClose(waitMs: number): Promise<void> {
    this.transports.drain();
    const { clock } = this.env;
    const { exit_timeout: mostSec } = this.settings.values;
    const until = clock.monotonic() + Math.min(waitMs, mostSec > 0 ? mostSec * 1000 : waitMs);
    // The ACK of a 2xx comes after its transaction is done.
    let answeredAt = this.transactions.size > 0 ? clock.monotonic() : Number.NEGATIVE_INFINITY;
    while (clock.monotonic() < until && (this.busy || clock.monotonic() < answeredAt + LINGER_MS)) {
      if (this.busy) answeredAt = clock.monotonic();
      await new Promise<void>((resolve) => void clock.setTimer(50, resolve));
    }
    await this.#modules?.stop();
    await this.databases.close();
    this.transactions.stop();
    this.transports.stop();
    this.#hasStopped();
  }
  /** Something was asked and not answered yet. */
  get busy(): boolean {
    if ((this.#runner?.inFlight ?? 0) > 0) return true;
    const { transactions, waiting } = this.transactions.counters;
    return transactions > waiting;
  }

  private detachedMessage(): SipMessage {
    if (this.#detachedMessage) return this.#detachedMessage;
    const socket = this.transports.sockets[0];
    if (!socket) throw new TypeError('no socket is open yet');
    const made = ownMessage(socket, this.grammar, this.env.clock.now());
    this.#detachedMessage = made;
    return made;
  }
}

const errorNumber = (code: string): number => Object.entries(constants.errno).find(([name]) => name === code)?.[1] ?? 0;

const DRAIN_MS = 5_000;
const LINGER_MS = 300;
/** Messages kept while sockets open. */
const MAX_EARLY = 1_000;
const NAME = 'sipc';
/** What tools and `$version(num)` are told: the Kamailio whose behaviour this is. */
const COMPATIBLE_VERSION = '5.6.3';

/** Stands for a socket while none is open. */
const unopened: ListenSocket = {
  index: 0,
  proto: 'udp',
  local: { ip: '127.0.0.1', port: 5060 },
  family: 4,
  host: '127.0.0.1',
  advertised: null,
  name: null,
  virtual: false,
  sockStr: 'udp:127.0.0.1:5060',
  advertisedStr: 'udp:127.0.0.1:5060',
  portText: '',
  port: 5060,
};
/**
 * A request nobody sent, for routes that run without one. Its words are those a cfg finds in Kamailio there (event-init of the
 * differential group pv-probes).
 */
function ownMessage(socket: ListenSocket, grammar: Grammar, at: number): SipMessage {
  const nobody = '<sip:you@kamailio.org>';
  const fields = {
    Via: 'SIP/2.0/UDP 127.0.0.1',
    From: `${nobody};tag=123`,
    To: nobody,
    'Call-ID': '123',
    CSeq: '1 OPTIONS',
    'Content-Length': '0',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `OPTIONS ${nobody.slice(1, -1)} SIP/2.0\r\n${lines.join('')}\r\n`;
  const received: ReceiveInfo = {
    proto: socket.proto,
    src: socket.local,
    dst: socket.local,
    socket,
    connectionId: 0,
    at,
  };
  const made = parseMessage(text, received, grammar);
  if (made instanceof ParseFailure) throw new TypeError(`own message: ${made.reason}`);
  return made;
}

/** `udp_mtu_try_proto`: 1 UDP, 2 TCP, 3 TLS, 4 SCTP. */
const MTU_PROTOS: readonly number[] = [0, 0, MtuProto.tcp, MtuProto.tls, 0];

function proxySettings({ values }: Settings, grammar: () => Grammar): () => ProxySettings {
  const view: ProxySettings = {
    get grammar() {
      return grammar();
    },
    get mhomed() {
      return values.mhomed !== 0;
    },
    get checkVia() {
      return values.check_via !== 0;
    },
    get replyToVia() {
      return values.reply_to_via !== 0;
    },
    get forceRport() {
      return values.force_rport !== 0;
    },
    get localRport() {
      return values.local_rport !== 0;
    },
    get udpMtu() {
      return values.udp_mtu;
    },
    get mtuProtos() {
      return MTU_PROTOS[values.udp_mtu_try_proto] ?? 0;
    },
    get dnsFailover() {
      return values.use_dns_failover !== 0 && values.dns_cache_init !== 0;
    },
    get serverLine() {
      return values.server_signature ? values.server_header : '';
    },
    get sipWarning() {
      return values.sip_warning !== 0;
    },
    get userAgentLine() {
      return values.server_signature ? values.user_agent_header : '';
    },
    get applyChanges() {
      return values.msg_apply_changes_mode === 1;
    },
    get onsendReplies() {
      return values.onsend_route_reply !== 0;
    },
  };
  return () => view;
}

function configOf(program: Program, lines: SourceLines): LoadedConfig {
  const tables: Readonly<Record<string, Readonly<Record<string, RouteFunction>>>> = {
    route: program.routes,
    failure_route: program.failure_route,
    branch_route: program.branch_route,
    onreply_route: program.onreply_route,
    event_route: program.event_route,
  };
  return {
    source: program.source,
    flags: program.flags,
    defines: program.defines ?? {},
    modules: program.modules,
    pvs: program.pvs ?? [],
    has: (kind, name) => Object.hasOwn(tables[kind] ?? {}, name),
    place: (error) => lines.at(error),
  };
}

const hostText = (host: string) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
function fromProgram(listen: Program['listen'][number]): ListenSpec {
  const { proto, host, port, advertise, name, virtual } = listen;
  return {
    address: `${proto ? `${proto}:` : ''}${hostText(host)}${port === null ? '' : `:${port}`}`,
    ...(advertise ? { advertise: `${hostText(advertise.host)}${advertise.port ? `:${advertise.port}` : ''}` } : {}),
    ...(name ? { name } : {}),
    virtual,
  };
}
/** `udp:127.0.0.1:5060/1.2.3.4:5060`. */
function fromFlag(written: string): ListenSpec {
  const slash = written.indexOf('/');
  return slash < 0 ? { address: written } : { address: written.slice(0, slash), advertise: written.slice(slash + 1) };
}

// The process ---------------------------------------------------------------------------------------------------------

/** Starts a server. Prints what it listens on; a start-up problem is one line on stderr and a rejection with `exitCode`. */
export async function start(options: StartOptions): Promise<Server> {
  const print = options.print ?? ((line: string) => void process.stdout.write(`${line}\n`));
  try {
    return await startServer(options, print);
  } catch (error) {
    const known = error instanceof StartError;
    if (known && error.exitCode === 0) throw error;
    process.stderr.write(
      `${options.name ?? NAME}: ${error instanceof Error ? (known ? error.message : error.stack) : String(error)}\n`,
    );
    throw known ? error : Object.assign(new StartError('SIPC8000', 'the server did not start'), { cause: error });
  }
}

async function startServer(options: StartOptions, print: (line: string) => void): Promise<Server> {
  const flags = parseOptions(options.argv);
  if (flags.showHelp || flags.showVersion) {
    print(flags.showHelp ? usage : `version: ${options.name ?? NAME} ${options.version}`);
    throw new StartError('SIPC8040', '', 0);
  }
  const { workingFolder, pidFile, ignored } = flags;
  if (workingFolder !== null)
    attempt(`cannot work in ${workingFolder}: name a folder that is there (-w)`, () => process.chdir(workingFolder));
  const log = options.environment ? null : processLog();
  const env = options.environment ?? realEnvironment(log ?? lineLog());
  const settings = new Settings();
  const signature = `${options.name ?? NAME} (${options.version} (${process.arch}/${process.platform}))`;
  settings.assign('server_header', `Server: ${signature}`);
  settings.assign('user_agent_header', `User-Agent: ${signature}`);
  const server = new Server(env, settings, options.argv, { name: signature, version: COMPATIBLE_VERSION });
  const { programText: text, programMap: map, programPath: path } = options;
  server.load(options.modules, { text, map, path }, flags);
  const onTerminal = flags.logToTerminal || settings.values.log_stderror !== 0 || process.stderr.isTTY;
  log?.use(onTerminal ? 'lines' : 'json', settings.values.log_color !== 0);
  if (flags.checkOnly) {
    print('config file ok, exiting...');
    throw new StartError('SIPC8041', '', 0);
  }
  enterFolder(settings.values, flags.workingFolder !== null);
  await server.open(flags.listen);
  if (pidFile !== null) {
    try {
      attempt(`cannot write the process id to ${pidFile}: name a file that can be written (-P)`, () =>
        writeFileSync(pidFile, `${process.pid}\n`),
      );
    } catch (error) {
      await server.stop(0);
      throw error;
    }
    process.once('exit', () => rmSync(pidFile, { force: true }));
  }
  try {
    dropPrivileges(settings.values);
  } catch (error) {
    await server.stop(0);
    throw error;
  }
  if (options.signals !== false) handleProcess(server, log, print);
  for (const { sockStr, advertisedStr } of server.transports.sockets)
    print(`listening on ${sockStr}${advertisedStr === sockStr ? '' : ` advertised as ${advertisedStr}`}`);
  if (ignored.length > 0) print(`no meaning here, ignored: ${[...new Set(ignored)].join(' ')}`);
  await server.begin();
  return server;
}

function attempt(problem: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new StartError('SIPC8051', `${problem}: ${code}`);
  }
}

/** SIGINT and SIGTERM drain and stop; a second one stops at once. What nobody caught is logged, the server goes on. */
function handleProcess(server: Server, log: RunningLog | null, print: (line: string) => void): void {
  const end = (code: number) => {
    log?.flush();
    process.exit(code);
  };
  let asked = false;
  const onSignal = () => {
    if (asked) end(0);
    asked = true;
    print(
      server.busy
        ? `stopping: calls in setup get ${DRAIN_MS / 1000} s to finish; once more stops at once`
        : 'stopping: nothing is under way',
    );
    void server.stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', () => {});
  const report = (error: unknown) =>
    server.log(
      -1,
      '<core>',
      `unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
  void server.stopped.then(() => end(0));
}
