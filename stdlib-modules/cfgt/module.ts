/** cfgt: a report of each message's way through the cfg, for tests of a cfg; the debugger module hands it the actions. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  defineModule,
  type Maybe,
  type MessageObserver,
  type RouteContext,
  type RpcCall,
  RpcStruct,
  type ScriptAction,
  type ServerApi,
  SHOW_ALL,
  Shown,
  type SipMessage,
  variables,
} from '../../runtime/sdk/index.js';
import { ReportFiles } from './files.js';
import { Report } from './report.js';
import { Scenarios, scenarioOf, UNKNOWN } from './scenarios.js';

/** What the debugger gets. */
export interface CfgtApi {
  /** Before an action of a route. */
  action(ctx: RouteContext, action: ScriptAction): void;
}

/** What is shown whatever `mask` says (_cfgt_set_dump(): 30). */
const SHOWN = Shown.avp + Shown.scriptVar + Shown.xavp + Shown.other;
/** tm's, and those whose name is known at run time only (cfgt_get_json()). */
const isLeftOut = (name: string): boolean => name.startsWith('$T_') || name.includes('$', 1);

/** What is done for one message; its report changes when the run of another message begins in it. */
interface Scope {
  report: Report | null;
}
interface Params {
  readonly basedir: string;
  readonly callid_prefix: string;
  readonly skip_unknown: number;
  readonly route_log: number;
}
interface State {
  /** Null until the module starts. */
  reports: Reports | null;
}

/** Runs that Kamailio's script callbacks stand around (`exec_pre_script_cb()` and its places). */
const isScript = ({ kind, block }: RouteContext): boolean =>
  block === 'request_route' ||
  block === 'reply_route' ||
  ['failure', 'branch', 'branch_failure', 'onsend'].includes(kind) ||
  block.startsWith('route[') ||
  block.startsWith('event_route[dialog:');

class Reports implements MessageObserver {
  readonly #scenarios = new Scenarios();
  readonly #scopes = new AsyncLocalStorage<Scope>();
  readonly #files: ReportFiles;

  constructor(
    private readonly params: Params,
    private readonly server: ServerApi,
  ) {
    this.#files = new ReportFiles(params.basedir, {
      written: ({ uuid, number }) => server.log(2, 'cfgt', `*** node uuid:[${uuid}] id:[${number}] saved ***`),
      failed: (text) => server.log(-1, 'cfgt', text),
    });
  }

  received<T>(msg: SipMessage, handle: () => T): T {
    const report = new Report();
    report.received(msg.raw);
    return this.#scopes.run({ report }, handle);
  }
  run<T>(ctx: RouteContext, run: () => Maybe<T>): Maybe<T> {
    if (!isScript(ctx)) return run();
    const scope = this.#scopes.getStore();
    // A timer's, say when nobody answered: it is of no message that came in.
    if (scope === undefined) return this.#scopes.run({ report: null }, () => this.run(ctx, run));
    this.#begin(scope, ctx);
    const running = run();
    if (!(running instanceof Promise)) return this.#ended(scope, ctx, running);
    return running.then((value) => this.#ended(scope, ctx, value));
  }
  /** cfgt_pre() */
  #begin(scope: Scope, { msg }: RouteContext): void {
    const named = scenarioOf(msg.callId ?? '', this.params.callid_prefix);
    const uuid = named !== null && this.#scenarios.hasRoomFor(named) ? named : null;
    const { report } = scope;
    if (report?.number === 0) this.#number(report, uuid ?? UNKNOWN);
    else if (report === null || (uuid !== null && uuid !== report.uuid))
      scope.report = uuid === null ? null : this.#number(new Report(), uuid);
  }
  #number(report: Report, uuid: string): Report {
    report.uuid = uuid;
    report.number = this.#scenarios.next(uuid);
    report.skipped = this.params.skip_unknown !== 0 && uuid === UNKNOWN;
    this.server.log(2, 'cfgt', `*** node uuid:[${uuid}] id:[${report.number}] created ***`);
    return report;
  }
  /** cfgt_post() */
  #ended<T>({ report }: Scope, ctx: RouteContext, value: T): T {
    if (report === null || report.skipped) return value;
    const name = report.atEnd();
    if (name !== null) report.show(name, variables(ctx, SHOWN, isLeftOut));
    report.saved = true;
    this.#files.save(report);
    return value;
  }

  /** cfgt_process_route() */
  action(ctx: RouteContext, action: ScriptAction): void {
    const report = this.#scopes.getStore()?.report ?? null;
    if (report === null || report.skipped) return;
    const name = report.before(action, this.server.env.clock.monotonic(), ({ block, tookMs }) => {
      if (this.params.route_log !== 0)
        this.server.log(0, 'cfgt', `[${block}] exectime=${Math.round(tookMs * 1000)} usec`);
    });
    if (name !== null) report.show(name, variables(ctx, SHOWN, isLeftOut));
  }
  /** cfgt_msgout() */
  sent(bytes: string): void {
    const report = this.#scopes.getStore()?.report ?? null;
    if (report === null || report.skipped) return;
    report.sent(bytes);
    // As Kamailio, which writes it again before the next message.
    if (report.saved) this.#files.save(report);
  }

  list(): [uuid: string, count: number][] {
    return this.#scenarios.all();
  }
  /** False: it has no reports. Its reports are gone when it answers, and their numbers begin again. */
  async clean(uuid: string): Promise<boolean> {
    if (!this.#scenarios.forget(uuid)) return false;
    await this.#files.remove(uuid);
    return true;
  }
  idle(): Promise<void> {
    return this.#files.idle();
  }
}

const ALL = 'all';

export default defineModule({
  name: 'cfgt',
  doc: 'A report of each message’s way through the cfg, for tests of a cfg; written when `cfgtest` of debugger is 1.',
  uses: [],
  params: {
    basedir: {
      type: 'str',
      default: '/tmp',
      doc: 'Folder of the reports: `SCENARIO/NUMBER.json`. It has to be there.',
    },
    callid_prefix: {
      type: 'str',
      default: 'NGCP%',
      doc: 'What Call-IDs of a scenario begin with; its last character ends the scenario’s name, so `NGCP%12%x` is of 12. All others are of `unknown`.',
    },
    mask: {
      type: 'int',
      default: SHOW_ALL,
      noEffect: true,
      doc: 'Which variables reports show. Kamailio shows $avp, $var, $xavp and others that have a value, whatever it says.',
    },
    skip_unknown: { type: 'int', default: 0, doc: 'Not 0: no reports of messages that belong to no scenario.' },
    route_log: { type: 'int', default: 0, doc: 'Not 0: how long a block took stands in the log when it was left.' },
  },
  stats: {},
  state: (): State => ({ reports: null }),
  api: ({ state }): CfgtApi => ({ action: (ctx, action) => state.reports?.action(ctx, action) }),
  start({ params, state }, server) {
    const reports = new Reports(params, server);
    state.reports = reports;
    server.watch.messages = reports;
    server.transports.leaving = (bytes) => reports.sent(bytes);
  },
  async stop({ state }, server) {
    server.watch.messages = null;
    server.transports.leaving = null;
    await state.reports?.idle();
  },
  functions: {},
  pvs: {},
  rpc: {
    'cfgt.mask': {
      doc: 'Specify module mask',
      run(_me, call: RpcCall) {
        if (call.optInt() === undefined) call.fault(500, 'invalid parameters');
        else call.add('200 ok');
      },
    },
    'cfgt.list': {
      doc: 'List scenarios currently in memory',
      run({ state }, call: RpcCall) {
        for (const [uuid, msgid] of state.reports?.list() ?? []) call.add(new RpcStruct({ uuid, msgid }));
        call.add('200 ok');
      },
    },
    'cfgt.clean': {
      doc: "Clean scenario, 'all' to clean all scenarios in memory",
      async run({ state: { reports } }, call: RpcCall) {
        const uuid = call.str();
        if (uuid === undefined) {
          call.fault(500, 'invalid parameters');
          return;
        }
        const found = reports?.list().map(([name]) => name) ?? [];
        const cleaned = uuid === ALL ? found : [uuid];
        let ok = true;
        for (const name of cleaned) ok = (await reports?.clean(name)) === true && ok;
        if (ok) call.add('200 ok');
        else call.fault(500, 'error in clean');
      },
    },
  },
  eventRoutes: {},
  missing: [],
});
