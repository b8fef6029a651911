/** Binding: each name to its declaration, in file order. What is found stands in tables beside the tree (`symbols.ts`). */
import type {
  Alias,
  AttributeExpression,
  CallExpression,
  Config,
  CustomParam,
  Expression,
  GlobalParam,
  Listen,
  PvExpression,
  RouteBlock,
  SelectExpression,
} from '../ast.js';
import { implicitAvp, missingAttribute, missingTransport } from '../diagnostics/3xxx-names.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { nearTo } from '../diagnostics/near.js';
import type { Host } from '../host.js';
import { walkExpression, walkStatements } from '../visit.js';
import type { ArgContext } from './args.js';
import { type Block, bindCall } from './calls.js';
import { bindParam, checkSettingRange, domainAlias } from './params.js';
import { PvBinder } from './pvs.js';
import { Routes } from './routes.js';
import { own, Scope } from './scope.js';
import { bindSelect } from './selects.js';
import type { BoundCall, BoundParam, BoundProgram, BoundPv, RouteTarget } from './symbols.js';

export type * from './symbols.js';

/** Known without any module. */
const fixedPvs: ReadonlySet<string> = new Set(['null', 'rc', 'retcode', '?']);

export function bind(config: Config, host: Host, diagnostics: Diagnostics): BoundProgram {
  return new Binder(config, host, diagnostics).run();
}

class Binder {
  private readonly scope: Scope;
  private readonly pvBinder: PvBinder;
  private readonly routes: Routes;
  private readonly globals: GlobalParam[] = [];
  private readonly custom: CustomParam[] = [];
  private readonly listen: Listen[] = [];
  private readonly aliases: Alias[] = [];
  private readonly params: BoundParam[] = [];
  private readonly flags = new Map<string, number>();
  /** Names in lower case. */
  private readonly avpFlags = new Map<string, number>();
  private readonly calls = new Map<CallExpression, BoundCall>();
  private readonly pvs = new Map<PvExpression, BoundPv>();
  private readonly selects = new Map<SelectExpression, (string | number)[]>();
  private readonly assigned = new Set<Expression>();
  private readonly attributes = new Map<AttributeExpression, BoundPv>();
  private readonly targets: RouteTarget[] = [];
  private readonly args: ArgContext;

  constructor(
    private readonly config: Config,
    host: Host,
    private readonly diagnostics: Diagnostics,
  ) {
    this.scope = new Scope(host, diagnostics);
    this.pvBinder = new PvBinder(this.scope, config.defines ?? new Map());
    this.routes = new Routes(diagnostics);
    const { flags, avpFlags } = this;
    const isPv = (name: string) => this.isPv(name);
    this.args = { diagnostics, pvs: this.pvBinder, flags, avpFlags, targets: this.targets, isPv };
  }

  run(): BoundProgram {
    for (const item of this.config.items) {
      switch (item.kind) {
        case 'global':
          this.global(item);
          break;
        case 'custom':
          this.custom.push(item);
          break;
        case 'listen':
          this.listen.push(item);
          for (const { proto, span } of item.sockets)
            if (proto === 'sctp')
              this.diagnostics.report(missingTransport, span, {
                transport: 'SCTP',
                outcome: 'the server does not start',
              });
          break;
        case 'alias':
          this.aliases.push(item);
          break;
        case 'loadmodule':
          this.scope.load(item);
          break;
        case 'modparam':
          this.params.push(...bindParam(item, this.scope, this.pvBinder));
          break;
        case 'avpflags':
          // More are refused one by one, and may not be used (usr_avp.c, register_avpflag).
          for (const { name } of item.names)
            if (this.avpFlags.size < MAX_AVP_FLAGS && !this.avpFlags.has(name.text.toLowerCase()))
              this.avpFlags.set(name.text.toLowerCase(), this.avpFlags.size);
          break;
        case 'flags':
          for (const { name, number } of item.names) this.flags.set(name.text, number ?? this.freeFlag());
          break;
        case 'route':
          this.route(item);
          break;
        case 'mpath':
        case 'bad':
          break;
      }
    }
    const { config, globals, custom, listen, aliases, params, flags, calls, pvs, selects, attributes, targets } = this;
    return {
      config,
      modules: this.scope.modules,
      globals,
      custom,
      listen,
      aliases,
      params,
      flags,
      routes: this.routes.all,
      calls,
      pvs,
      selects,
      attributes,
      defines: this.pvBinder.defines,
      variables: [...this.pvBinder.variables],
      targets,
    };
  }

  private global(item: GlobalParam): void {
    const { name } = item;
    const alias = name.text === 'domain' ? domainAlias(item) : null;
    if (alias) {
      this.aliases.push(alias);
      return;
    }
    // Of an instance's name the first one stays (coreparam.c, ksr_iuid_set()).
    if (name.text === 'coreparam.iuid' && this.globals.some((g) => g.name.text === name.text)) return;
    const spec = own(this.scope.modules[0]?.declaration?.params, name.text);
    if (spec) checkSettingRange(item, spec, this.scope);
    this.globals.push(item);
  }

  /** Flags without a number take the highest one that is free, as flags.c does. */
  private freeFlag(): number {
    const taken = new Set(this.flags.values());
    for (let n = 31; n > 0; n--) if (!taken.has(n)) return n;
    return 0;
  }

  private route(block: RouteBlock): void {
    const place = this.routes.add(block);
    const title = place.name === '' ? block.keyword : `${block.keyword}[${place.name}]`;
    const where: Block = { title, kinds: place.kinds };
    this.pvBinder.routeName = place.name === '' ? defaultName(block.keyword) : place.name;
    walkStatements(block.body, {
      statement: (s) => {
        if (s.kind === 'assign') this.assigned.add(s.target);
        return undefined;
      },
      expression: (e) => this.expression(e, where),
    });
  }

  private isPv(name: string): boolean {
    return fixedPvs.has(name) || this.scope.pv(name) !== null;
  }
  /**
   * A plain `$name` that nobody knows, where the mode of compatibility makes it an AVP: what to bind in its place. Assigning
   * replaces all its values. Names of modules that are not loaded stay errors: `$rU` is never meant as an AVP.
   */
  private asAvp(e: PvExpression): string | null {
    const name = e.text.slice(1);
    const { scope } = this;
    if (!e.orAttribute || this.isPv(name) || scope.pv('avp') === null) return null;
    if (scope.excused('pv', name) || scope.hasPv(name) || scope.ownerOf('pvs', name) !== undefined) return null;
    if (!scope.told.has(e.text)) this.diagnostics.report(implicitAvp, e.span, nearTo(name, scope.pvNames()));
    scope.told.add(e.text);
    return this.assigned.has(e) ? `$(avp(${name})[*])` : `$avp(${name})`;
  }

  private expression(e: Expression, block: Block): boolean | undefined {
    switch (e.kind) {
      case 'assignExpression':
        this.assigned.add(e.assign.target);
        return;
      case 'call': {
        const later = (name: string) => this.loadedLater(name);
        const bound = bindCall(e, block, this.scope, this.args, later);
        this.calls.set(e, bound);
        // Words and keywords among the arguments are text there, not operands; so is the name of an AVP.
        const isName = (a: Expression, i: number): boolean =>
          a.kind === 'word' ||
          a.kind === 'keyword' ||
          (a.kind === 'pv' && bound.kind === 'function' && bound.specs[i]?.kind === 'avpName');
        for (const [i, a] of e.args.entries())
          if (!isName(a, i)) walkExpression(a, { expression: (x) => this.expression(x, block) });
        return false;
      }
      case 'pv':
        this.pvs.set(e, this.pvBinder.operand(this.asAvp(e) ?? e.text, e.span));
        return;
      case 'select':
        this.select(e);
        return;
      case 'attribute':
        if (!this.scope.told.has('%')) this.diagnostics.report(missingAttribute, e.span, { text: e.text });
        this.scope.told.add('%');
        this.attributes.set(e, {
          kind: 'pv',
          text: e.text,
          what: 'missing',
          name: e.text,
          module: '',
          declaration: null,
          key: null,
          index: null,
          transforms: [],
          span: e.span,
        });
        return;
    }
    return;
  }

  /** The module that has the function and is loaded further down. */
  private loadedLater(name: string): string | undefined {
    for (const item of this.config.items) {
      if (item.kind !== 'loadmodule' || this.scope.modules.some((m) => m.node === item)) continue;
      const functions = this.scope.host.module(item.name.text)?.functions;
      if (functions && Object.hasOwn(functions, name)) return item.name.text;
    }
    return undefined;
  }

  private select(e: SelectExpression): void {
    this.selects.set(e, bindSelect(e.text, e.span, this.scope));
  }
}

/** MAX_AVPFLAG of usr_avp.h. */
const MAX_AVP_FLAGS = 18;

/** What `$cfg(route)` shows for a block without a name. */
const defaultNames: Readonly<Record<string, string>> = {
  onsend_route: 'DEFAULT_SEND',
  onreply_route: 'DEFAULT_ONREPLY',
  reply_route: 'DEFAULT_ONREPLY',
  failure_route: 'DEFAULT_FAILURE',
  branch_route: 'DEFAULT_BRANCH',
  event_route: 'DEFAULT_EVENT',
};
export const defaultName = (keyword: string): string => defaultNames[keyword] ?? 'DEFAULT_ROUTE';
