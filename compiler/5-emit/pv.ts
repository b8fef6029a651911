/** Reading pseudo-variables, and text that holds them. */
import type { BoundPv, BoundSubstitution, Format } from '../3-bind/index.js';
import { transformationId } from '../3-bind/transformations.js';
import { positionAt } from '../span.js';
import type { EmitContext } from './context.js';
import { writtenSpan } from './map.js';
import { member, quote, templateText } from './text.js';
import { asValue, type Code } from './values.js';

/** The value of a pseudo-variable. */
export function readPv(pv: BoundPv, emit: EmitContext): Code {
  let value = readBare(pv, emit);
  for (const t of pv.transforms) {
    const args = t.args.map((a) => {
      if (typeof a === 'number') return String(a);
      if (typeof a === 'string') return quote(a);
      return 'replacement' in a ? substitutionCode(a, emit) : asValue(readPv(a, emit));
    });
    // A substitution may hold variables of its own.
    if (t.signature.args[0] === 'subst') args.push('ctx');
    const code = `${emit.helper('tr')}.${transformationId(t.name)}(${[asValue(value), ...args].join(', ')})`;
    value = { code, type: 'value', atom: true };
  }
  return value;
}

function readBare(pv: BoundPv, emit: EmitContext): Code {
  switch (pv.what) {
    case 'null':
      return { code: 'null', type: 'value', constant: null, atom: true };
    case 'rc':
      return { code: 'ctx.rc', type: 'int', atom: true };
    case 'var':
      return { code: `ctx.vars${member(literalKey(pv))}`, type: 'value', atom: true };
    case 'marker':
      return { code: "'$'", type: 'str', constant: '$', atom: true };
    case 'cfg':
      return placeCode(pv);
    case 'declared': {
      const code = `${emit.pv(pv.name)}(${['ctx', ...keyAndIndex(pv, emit)].join(', ')})`;
      // Where a number is wanted, the method is Kamailio's bit for it.
      const asInt =
        pv.name === 'rm' && pv.module === 'pv' ? { asInt: `${emit.helper('methodId')}(toStr(${code}))` } : {};
      return { code, type: 'value', atom: true, ...asInt };
    }
    case 'missing':
    case 'bad':
      return {
        code: `${emit.helper('missingPv')}(ctx, ${quote(pv.text)}, ${emit.at(pv.span)})`,
        type: 'value',
        atom: true,
      };
  }
}

export const literalKey = (pv: BoundPv): string => (typeof pv.key?.[0] === 'string' ? pv.key[0] : '');

function placeCode(pv: BoundPv): Code {
  const span = writtenSpan(pv.span);
  if (literalKey(pv) === 'file')
    return { code: quote(span.file.path), type: 'str', constant: span.file.path, atom: true };
  const { line } = positionAt(span.file, span.start);
  return { code: String(line), type: 'int', constant: line, atom: true };
}

/** The arguments after `ctx`: key and index, as far as they were written. */
export function keyAndIndex(pv: BoundPv, emit: EmitContext): string[] {
  const args: string[] = [];
  if (pv.key) args.push(textCode(pv.key, emit));
  if (pv.index !== null) {
    if (!pv.key) args.push('undefined');
    args.push(indexCode(pv.index, emit));
  }
  return args;
}

function indexCode(index: number | '*' | BoundPv, emit: EmitContext): string {
  if (typeof index === 'number') return String(index);
  if (index === '*') return "'*'";
  return `${emit.helper('toInt')}(${asValue(readPv(index, emit))})`;
}

/** `/regex/replacement/flags`, made once. */
export function substitutionCode({ source, flags, replacement }: BoundSubstitution, emit: EmitContext): string {
  const pieces = replacement.map((p) => {
    if (typeof p === 'string') return templateText(p);
    if (typeof p === 'number') return `\${m.groups[${p}] ?? ''}`;
    return `\${${emit.helper('toStr')}(${asValue(readPv(p, emit))})}`;
  });
  const code = `${emit.helper('subst')}(${quote(source)}, ${quote(flags)}, (m, ctx) => \`${pieces.join('')}\`)`;
  return emit.hoist('subst', code);
}

/** An undefined pv shows as `<null>`, a transformation that fails as nothing (observed). */
const shownBy = (pv: BoundPv) => (pv.transforms.length > 0 ? 'toStr' : 'text');

/** Text built where it stands: a literal, or a template. */
export function textCode(parts: Format, emit: EmitContext): string {
  if (parts.every((p) => typeof p === 'string')) return quote(parts.join(''));
  const piece = (pv: BoundPv) => {
    const value = readPv(pv, emit);
    if (value.type === 'int' || value.type === 'str') return value.code;
    return `${emit.helper(shownBy(pv))}(${asValue(value)})`;
  };
  if (parts.length === 1 && typeof parts[0] === 'object') {
    const value = readPv(parts[0], emit);
    return value.type === 'str' ? value.code : `${emit.helper(shownBy(parts[0]))}(${asValue(value)})`;
  }
  return `\`${parts.map((p) => (typeof p === 'string' ? templateText(p) : `\${${piece(p)}}`)).join('')}\``;
}

/** Text built when the function asks for it. */
export function lazyText(parts: Format, emit: EmitContext): string {
  const constant = parts.every((p) => typeof p === 'string');
  return `${constant ? '()' : 'ctx'} => ${textCode(parts, emit)}`;
}

/** A reference: something that can be read and, where the pv allows, assigned. */
export function pvReference(pv: BoundPv, emit: EmitContext): string {
  const name = quote(pv.text);
  if (pv.what === 'var' && pv.transforms.length === 0) return `${emit.helper('varRef')}(${quote(literalKey(pv))})`;
  if (pv.what === 'declared' && pv.transforms.length === 0) {
    const lazy = (code: string, constant: boolean) => (constant ? code : `ctx => ${code}`);
    const args = [name, emit.pv(pv.name)];
    if (pv.key)
      args.push(
        lazy(
          textCode(pv.key, emit),
          pv.key.every((p) => typeof p === 'string'),
        ),
      );
    if (pv.index !== null) {
      if (!pv.key) args.push('undefined');
      args.push(lazy(indexCode(pv.index, emit), typeof pv.index !== 'object'));
    }
    return `${emit.helper('pvRef')}(${args.join(', ')})`;
  }
  return `${emit.helper('computedRef')}(${name}, ctx => ${asValue(readPv(pv, emit))})`;
}
