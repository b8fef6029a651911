/** Emitting: bound program → TypeScript text with its source map. One exported function per route block, in file order. */
import { type BoundProgram, type BoundRoute, defaultName, type Format } from '../3-bind/index.js';
import { routeKey } from '../4-check/callgraph.js';
import type { Statement } from '../ast.js';
import { walkStatements } from '../visit.js';
import { EmitContext, Frame } from './context.js';
import { inlineMap, type SourceMap, sourceMap } from './map.js';
import { writeSettings } from './settings.js';
import { StatementEmitter } from './statement.js';
import { propertyKey, quote } from './text.js';
import type { Mark } from './writer.js';

export interface EmitOptions {
  /** Path of the cfg as given. */
  readonly path: string;
  readonly version: string;
}
export interface Emitted {
  /** The program, without its map. */
  readonly text: string;
  readonly map: SourceMap;
  readonly marks: readonly Mark[];
  /** `text` with the map inlined. */
  readonly ts: string;
  /** Names imported from `sipc/program`, `sipc/modules` and `sipc/pvs`. */
  readonly imports: {
    readonly program: readonly string[];
    readonly modules: readonly string[];
    readonly pvs: readonly string[];
  };
  /** Modules to link, in load order, `core` first. */
  readonly modules: readonly string[];
}

export function emit(program: BoundProgram, options: EmitOptions): Emitted {
  const context = new EmitContext(program);
  for (const route of program.routes) writeRoute(route, context);
  writeProgram(program, context, options);
  const { text: body, marks } = context.writer.finish();
  for (const helper of ['toInt', 'toStr']) if (body.includes(`${helper}(`)) context.helper(helper);
  const head = headOf(context, options.path);
  const lines = head.split('\n').length - 1;
  const moved = marks.map((m) => ({ ...m, line: m.line + lines }));
  const text = head + body;
  const map = sourceMap('program.ts', moved);
  return {
    text,
    map,
    marks: moved,
    ts: text + inlineMap(map),
    imports: {
      program: [...context.helpers],
      modules: [...context.modules.keys()],
      pvs: [...context.pvs.keys()],
    },
    modules: program.modules.filter((m) => m.declaration).map((m) => m.name),
  };
}

function writeRoute(route: BoundRoute, context: EmitContext): void {
  const { writer } = context;
  const key = routeKey(route);
  const waits = context.waiting.has(key);
  const name = context.functions.get(key)!;
  const result = waits ? 'Promise<Verdict>' : 'Verdict';
  const body = route.blocks.flatMap((b) => b.body);
  const frame = new Frame(route.name === '' ? defaultName(route.keyword) : route.name, waits, readsRc(body, context));
  const statements = new StatementEmitter(context, frame);
  writer.block(
    `export ${waits ? 'async ' : ''}function ${name}(ctx: RouteContext): ${result}`,
    () => statements.body(body),
    '',
    route.blocks[0]!.head,
  );
  writer.blank();
}

/** Does a block look at the last return code, in an expression or in text? */
function readsRc(body: readonly Statement[], context: EmitContext): boolean {
  let found = false;
  const inFormat = (parts: Format): boolean => parts.some((p) => typeof p === 'object' && p.what === 'rc');
  walkStatements(body, {
    expression(e) {
      if (e.kind === 'pv') found ||= context.program.pvs.get(e)?.what === 'rc';
      const call = e.kind === 'call' ? context.program.calls.get(e) : undefined;
      if (call?.kind === 'function')
        found ||= call.args.some((a) => (a.kind === 'format' || a.kind === 'int') && inFormat(a.parts));
      return undefined;
    },
  });
  return found;
}

function writeProgram(program: BoundProgram, context: EmitContext, options: EmitOptions): void {
  const { writer } = context;
  const named = (table: BoundRoute['table']) =>
    program.routes.filter((r) => r.table === table).map((r) => [r.name, context.functions.get(routeKey(r))!] as const);
  const table = (head: string, entries: readonly (readonly [string, string])[], end: string) => {
    if (entries.length === 0) writer.line(`${head} {}${end}`);
    else
      writer.block(
        head,
        () => {
          for (const [k, f] of entries) writer.line(`${propertyKey(k)}: ${f},`);
        },
        end,
      );
  };
  table('const routes: Record<string, RouteFunction> =', named('routes'), ';');
  writer.blank();
  writer.block(
    `export default ${context.helper('defineProgram')}(`,
    () => {
      writeSettings(context, options.path, options.version);
      for (const single of ['request_route', 'reply_route', 'onsend_route'] as const)
        writer.line(named(single).length > 0 ? `${single}: ${named(single)[0]![1]},` : `${single}: null,`);
      writer.line('routes,');
      for (const many of ['failure_route', 'branch_route', 'onreply_route', 'event_route'] as const)
        table(`${many}:`, named(many), ',');
      const failures = named('event_route').filter(([name]) => name.startsWith(branchFailure));
      table(
        'branch_failure_route:',
        failures.map(([name, f]) => [name.slice(branchFailure.length), f]),
        ',',
      );
    },
    ');',
  );
}

/** `t_on_branch_failure("X")` runs `event_route[tm:branch-failure:X]`. */
const branchFailure = 'tm:branch-failure:';

function headOf(context: EmitContext, path: string): string {
  const lines = [`// from ${path.replace(/.*\//, '')}`];
  const types = ['RouteContext', 'RouteFunction', 'Verdict'].map((t) => `type ${t}`);
  const programNames = [...[...context.helpers].sort(), ...types];
  lines.push(...importLines(programNames, 'sipc/program'));
  const renamed = (names: ReadonlyMap<string, string>) =>
    [...names]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, local]) => (name === local ? name : `${isName(name) ? name : quote(name)} as ${local}`));
  if (context.modules.size > 0) lines.push(...importLines(renamed(context.modules), 'sipc/modules'));
  if (context.pvs.size > 0) lines.push(...importLines(renamed(context.pvs), 'sipc/pvs'));
  lines.push('');
  for (const [code, name] of context.constants) lines.push(`const ${name} = ${code};`);
  if (context.constants.size > 0) lines.push('');
  return `${lines.join('\n')}\n`;
}

const isName = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);

function importLines(names: readonly string[], from: string): string[] {
  const one = `import { ${names.join(', ')} } from '${from}';`;
  if (one.length <= 120) return [one];
  return ['import {', ...names.map((n) => `  ${n},`), `} from '${from}';`];
}
