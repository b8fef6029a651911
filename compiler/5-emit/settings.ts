/** What stands beside the routes in `defineProgram({…})`: global parameters, sockets, modules and their parameters. */
import type { BoundParam, BoundProgram, BoundPv } from '../3-bind/index.js';
import { withInner } from '../4-check/reads.js';
import type { GlobalValue } from '../ast.js';
import { positionAt } from '../span.js';
import type { EmitContext } from './context.js';
import { writtenSpan } from './map.js';
import { keyAndIndex, lazyText, pvReference } from './pv.js';
import { propertyKey, quote } from './text.js';

const json = (value: unknown): string => {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  const entries = Object.entries(value).map(([k, v]) => `${propertyKey(k)}: ${json(v)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
};

const plain = (v: GlobalValue): unknown => (v.kind === 'list' ? v.values.map(plain) : v.value);

/** Writes the properties that are data. */
export function writeSettings(emit: EmitContext, source: string, version: string): void {
  const { program, writer } = emit;
  const lines = (codes: readonly string[]) => {
    for (const code of codes) writer.line(`${code},`);
  };
  const object = (name: string, entries: readonly (readonly [string, string])[]) => {
    if (entries.length === 0) writer.line(`${name}: {},`);
    else writer.block(`${name}:`, () => lines(entries.map(([k, code]) => `${propertyKey(k)}: ${code}`)), ',');
  };
  const list = (name: string, entries: readonly string[]) => {
    if (entries.length === 0) writer.line(`${name}: [],`);
    else {
      writer.line(`${name}: [`);
      writer.indented(() => lines(entries));
      writer.line('],');
    }
  };
  writer.line(`source: ${quote(source)},`);
  writer.line(`version: ${quote(version)},`);
  const globals = program.globals.map((g) => [g.name.text, g.value] as const);
  object('settings', last(globals.filter(([, v]) => v.kind !== 'list').map(([k, v]) => [k, json(plain(v))])));
  const lists = globals.filter(([, v]) => v.kind === 'list');
  if (lists.length > 0) object('lists', last(lists.map(([k, v]) => [k, json(plain(v))])));
  list('listen', socketsOf(program));
  list(
    'aliases',
    program.aliases.flatMap((a) => a.entries.map(({ proto, host, port }) => json({ proto, host, port }))),
  );
  list(
    'custom',
    program.custom.map((c) =>
      json({ group: c.group.text, name: c.id.text, value: c.value.value, description: c.description }),
    ),
  );
  object(
    'flags',
    [...program.flags].map(([k, n]) => [k, String(n)]),
  );
  if (program.defines.size > 0)
    object(
      'defines',
      [...program.defines].map(([name, text]) => [name, quote(text)]),
    );
  if (emit.watched) list('pvs', pvsOf(emit));
  const modules = program.modules.filter((m) => m.node && m.declaration).map((m) => quote(m.name));
  writer.line(`modules: [${modules.join(', ')}],`);
  list(
    'modparams',
    program.params.map((p) => paramCode(p, emit)),
  );
  const vars = program.variables.map((v) => `${propertyKey(v)}: 0`).join(', ');
  writer.line(`vars: () => (${vars === '' ? '{}' : `{ ${vars} }`}),`);
}

/** References to the pseudo-variables of the routes, for the module that watches them. */
function pvsOf(emit: EmitContext): string[] {
  const { pvs, calls } = emit.program;
  const found = new Map<string, string>();
  const note = (outer: BoundPv) => {
    for (const pv of withInner(outer))
      if ((pv.what === 'declared' || pv.what === 'var') && pv.transforms.length === 0 && !found.has(pv.text))
        found.set(pv.text, emit.hoist('pv', pvReference(pv, emit)));
  };
  for (const pv of pvs.values()) note(pv);
  for (const call of calls.values())
    if (call.kind === 'function')
      for (const arg of call.args) {
        if (arg.kind === 'pv') note(arg.pv);
        if (arg.kind === 'format' || arg.kind === 'int') for (const p of arg.parts) if (typeof p === 'object') note(p);
      }
  return [...found.values()];
}

/** The last of several settings of a name counts, where it stands. */
function last(entries: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return [...new Map(entries)];
}

function socketsOf(program: BoundProgram): string[] {
  return program.listen.flatMap((l) =>
    l.sockets.map(({ proto, host, port, advertise, name, virtual, agname }) =>
      json({ proto, host, port, advertise, name, virtual, agname }),
    ),
  );
}

function paramCode(p: BoundParam, emit: EmitContext): string {
  const { file, start } = writtenSpan(p.span);
  const at = `${file.path}:${positionAt(file, start).line}`;
  const head = `module: ${quote(p.module)}, name: ${quote(p.name)}`;
  const evaluated = p.value.kind === 'evaluated' ? ', evaluated: true' : '';
  return `{ ${head}, value: ${paramValue(p, emit)}${evaluated}, at: ${quote(at)} }`;
}

/** With what has to be waited for before it is read. */
function askedReference(pv: BoundPv, emit: EmitContext): string {
  const reference = pvReference(pv, emit);
  const asked = [...withInner(pv)].filter((inner) => inner.what === 'declared' && inner.declaration?.prepared === true);
  if (asked.length === 0) return reference;
  const waits = asked.map(
    (inner) => `await ${emit.pv(inner.name)}.prepare(${['ctx', ...keyAndIndex(inner, emit)].join(', ')});`,
  );
  return `${emit.helper('preparedRef')}(${reference}, async (ctx) => { ${waits.join(' ')} })`;
}

function paramValue({ value }: BoundParam, emit: EmitContext): string {
  switch (value.kind) {
    case 'constant':
      return typeof value.value === 'number' ? String(value.value) : quote(value.value);
    case 'pv':
      return askedReference(value.pv, emit);
    case 'format':
    case 'evaluated':
      return lazyText(value.parts, emit);
    case 'extra':
      return `[${value.entries.map((e) => `{ name: ${quote(e.name)}, pv: ${askedReference(e.pv, emit)} }`).join(', ')}]`;
  }
}
