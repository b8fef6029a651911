/** `modparam`: the module name is a list or a regular expression, and every module it matches has to own the parameter. */
import type { ParamSpec } from '../../runtime/sdk/define.js';
import type { Alias, GlobalParam, ModParam } from '../ast.js';
import { missingParameter, parameterOfNoModule, unknownParameter } from '../diagnostics/3xxx-names.js';
import { parameterRange, scriptCallback, settingRange, wrongParameterType } from '../diagnostics/4xxx-types.js';
import { nearest, nearTo } from '../diagnostics/near.js';
import type { PvBinder } from './pvs.js';
import { own, type Scope } from './scope.js';
import type { BoundModule, BoundParam, ParamValue } from './symbols.js';

export function bindParam(node: ModParam, scope: Scope, pvs: PvBinder): BoundParam[] {
  const bound: BoundParam[] = [];
  const modules = matching(node.modules.text, scope);
  if (modules.length === 0) {
    const name = node.modules.text;
    if (scope.toldOnce(`load ${name}`)) return bound;
    // A module there is has to be loaded; any other name may be one that is loaded, mistyped.
    const exists = own(scope.catalog.modules, name) !== undefined || scope.host.module(name) !== null;
    const loaded = scope.modules.map((m) => m.name);
    const near = exists ? undefined : nearest(name, loaded);
    scope.diagnostics.report(parameterOfNoModule, node.modules.span, near === undefined ? { name } : { name, near });
  }
  for (const module of modules) {
    if (!module.declaration) continue;
    const spec = own(module.declaration.params, node.name.text);
    if (!spec) {
      absent(node, module, scope);
      continue;
    }
    if (spec.embedded && node.value.value !== '')
      scope.diagnostics.report(scriptCallback, node.value.span, { name: node.name.text, module: module.name });
    const value = paramValue(node, module.name, spec, scope, pvs);
    if (value) bound.push({ module: module.name, name: node.name.text, spec, value, span: node.span });
  }
  return bound;
}

function absent(node: ModParam, module: BoundModule, scope: Scope): void {
  const name = node.name.text;
  const known = own(scope.catalog.modules, module.name);
  if (module.declaration?.missing.includes(`param:${name}`) || (known && own(known.params, name) !== undefined)) {
    scope.diagnostics.report(missingParameter, node.name.span, {
      name,
      module: module.name,
      ...scope.sinceOf('params', name, module.name),
    });
    return;
  }
  const names = [...Object.keys(module.declaration?.params ?? {}), ...Object.keys(known?.params ?? {})];
  scope.diagnostics.report(unknownParameter, node.name.span, {
    ...nearTo(name, names),
    module: module.name,
    ...scope.wentWith('params', `${module.name}:${name}`),
  });
}

/** Modules loaded so far whose own name matches all of `pattern`. */
function matching(pattern: string, scope: Scope): BoundModule[] {
  const names = (m: BoundModule) => [m.name, own(scope.catalog.modules, m.name)?.exportName ?? m.name];
  if (/^[\w|]+$/.test(pattern)) {
    const wanted = pattern.split('|');
    return scope.modules.filter((m) => m.node && names(m).some((n) => wanted.includes(n)));
  }
  let regex: RegExp;
  try {
    regex = new RegExp(`^(?:${pattern})$`);
  } catch {
    return [];
  }
  return scope.modules.filter((m) => m.node && names(m).some((n) => regex.test(n)));
}

/** What a value should be instead; null: it is in range. */
function outside({ min, max, values, type }: ParamSpec, value: number | string): string | null {
  if (typeof value === 'string') {
    if (values && !values.includes(value)) return `one of ${values.join(', ')}`;
    return type === 'str' && min !== undefined && value.length < min ? 'text' : null;
  }
  if ((min === undefined || value >= min) && (max === undefined || value <= max)) return null;
  if (max === undefined) return `${min} or more`;
  return min === undefined ? `${max} or less` : min === max ? String(min) : `from ${min} to ${max}`;
}

/** A global parameter with a value that Kamailio refuses is an error; its kind the parser has seen to. */
export function checkSettingRange({ name, value }: GlobalParam, spec: ParamSpec, scope: Scope): void {
  if (value.kind === 'list' || (spec.type === 'int') !== (typeof value.value === 'number')) return;
  const wants = outside(spec, value.value);
  if (wants !== null)
    scope.diagnostics.report(settingRange, value.span, { name: name.text, value: value.value, wants });
}

/** `domain=udp:example.org:5060` of later versions is an alias (cfg.y). Null: the value is none. */
export function domainAlias({ value, span }: GlobalParam): Alias | null {
  if (value.kind !== 'word' && value.kind !== 'str') return null;
  const found = /^(?:(udp|tcp|tls|sctp):)?(\[[^\]]+\]|[^:]+|[\da-fA-F:]+)(?::(\d{1,5}|\*))?$/i.exec(value.value);
  if (!found) return null;
  const [, proto, host = '', port] = found;
  const entry = {
    proto: proto?.toLowerCase() ?? null,
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined || port === '*' ? null : Number(port),
  };
  return { kind: 'alias', entries: [entry], span };
}

function paramValue(node: ModParam, module: string, spec: ParamSpec, scope: Scope, pvs: PvBinder): ParamValue | null {
  const { kind, value, span } = node.value;
  const name = node.name.text;
  if ((spec.type === 'int') !== (kind === 'int')) {
    const wants = spec.type === 'int' ? 'an integer' : 'text in quotes';
    scope.diagnostics.report(wrongParameterType, span, { name, module, wants });
    return null;
  }
  if (typeof value === 'number') {
    const wants = outside(spec, value);
    if (wants !== null) scope.diagnostics.report(parameterRange, span, { name, value, wants });
    return { kind: 'constant', value };
  }
  const wants = node.evaluated && value.includes('$') ? null : outside(spec, value);
  if (wants !== null) scope.diagnostics.report(parameterRange, span, { name, value, wants });
  switch (spec.type) {
    case 'int':
      return { kind: 'constant', value };
    case 'str': {
      const parts = node.evaluated ? pvs.format(value, span) : [value];
      return parts.every((p) => typeof p === 'string')
        ? { kind: 'constant', value: parts.join('') }
        : { kind: 'evaluated', parts };
    }
    case 'format':
      return { kind: 'format', parts: pvs.format(value, span) };
    case 'pv':
    case 'avp': {
      if (value === '') return null;
      const text = spec.type === 'avp' && !value.startsWith('$') ? `$avp(${value})` : value;
      const pv = pvs.single(text, span);
      return pv && { kind: 'pv', pv };
    }
    case 'extra': {
      const entries = [];
      for (const entry of splitOutside(value, ';')) {
        const equals = entry.indexOf('=');
        if (equals < 0) continue;
        const pv = pvs.single(entry.slice(equals + 1).trim(), span);
        if (pv) entries.push({ name: entry.slice(0, equals).trim(), pv });
      }
      return { kind: 'extra', entries };
    }
  }
}

/** Cut at `separator`, but not inside brackets: `$(hdr(a;b){s.len})` stays whole. */
function splitOutside(text: string, separator: string): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '(' || c === '{' || c === '[') depth++;
    else if (c === ')' || c === '}' || c === ']') depth--;
    else if (c === separator && depth <= 0) {
      pieces.push(text.slice(from, i));
      from = i + 1;
    }
  }
  pieces.push(text.slice(from));
  return pieces.filter((p) => p.trim() !== '');
}
