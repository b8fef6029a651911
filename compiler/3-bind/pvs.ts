/** Pseudo-variables: syntax to declaration. `"sip:$rU@x"` becomes pieces, `$(ru{s.len})` a read with its transformations. */
import type { PvDeclaration } from '../declarations.js';
import { malformedPv, missingTransformation, unknownPv, unknownTransformation } from '../diagnostics/3xxx-names.js';
import { wrongPvKey } from '../diagnostics/4xxx-types.js';
import { nearest } from '../diagnostics/near.js';
import { positionAt, type Span } from '../span.js';
import { type PvSyntax, parsePvSyntax, type TransformSyntax } from './pv-syntax.js';
import type { Scope } from './scope.js';
import { bindSelect } from './selects.js';
import { bindSubstitution } from './subst.js';
import type { BoundPv, BoundSubstitution, BoundTransform, Format, FormatPart } from './symbols.js';
import { transformations } from './transformations.js';

/** A mistake in data is a diagnostic, so nesting is bounded here. */
const maxDepth = 8;

export class PvBinder {
  readonly variables = new Set<string>();
  /** Name of the block being bound, for `$cfg(route)`. */
  routeName = '';

  /** Those that `$def(…)` and its like name. */
  readonly defines = new Map<string, string>();

  constructor(
    private readonly scope: Scope,
    private readonly defined: ReadonlyMap<string, string>,
  ) {}

  /** Text that may hold pseudo-variables. */
  format(text: string, span: Span, depth = 0): Format {
    const parts: FormatPart[] = [];
    let from = 0;
    for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', from)) {
      if (at > from) parts.push(text.slice(from, at));
      const syntax = parsePvSyntax(text, at);
      if ('error' in syntax) {
        this.malformed(text.slice(at, Math.max(syntax.end, at + 1)), syntax.error, span);
        return parts;
      }
      const pv = this.resolve(syntax, text.slice(at, syntax.end), span, depth);
      if (pv.what === 'marker') parts.push('$');
      else if (pv.what === 'cfg') parts.push(this.placeOf(pv));
      else parts.push(pv);
      from = syntax.end;
    }
    if (from < text.length || parts.length === 0) parts.push(text.slice(from));
    return joined(parts);
  }

  /** Text that is one pseudo-variable and nothing else; null, reported, when it is not. */
  single(text: string, span: Span, depth = 0): BoundPv | null {
    const syntax = parsePvSyntax(text, 0);
    if ('error' in syntax || text[0] !== '$') {
      this.malformed(text, 'error' in syntax ? syntax.error : 'it has to begin with `$`', span);
      return null;
    }
    if (syntax.end !== text.length) {
      this.malformed(text, `nothing may follow \`${text.slice(0, syntax.end)}\``, span);
      return null;
    }
    return this.resolve(syntax, text, span, depth);
  }

  /** As an operand of an expression: always something to go on with. */
  operand(text: string, span: Span): BoundPv {
    return this.single(text, span) ?? bad(text, span);
  }

  /** `$cfg(line)` and its like are known now. */
  placeOf(pv: BoundPv): string {
    const key = typeof pv.key?.[0] === 'string' ? pv.key[0] : '';
    if (key === 'file') return pv.span.file.path;
    return key === 'route' || key === 'name' ? this.routeName : String(positionAt(pv.span.file, pv.span.start).line);
  }

  private resolve(syntax: PvSyntax, text: string, span: Span, depth: number): BoundPv {
    if (depth > maxDepth) {
      this.malformed(text, 'it is nested too deeply', span);
      return bad(text, span);
    }
    const { name } = syntax;
    const base = { kind: 'pv' as const, text, name, module: '', declaration: null, key: null, index: null, span };
    const transforms = this.transforms(syntax.transforms, span, depth);
    if (name === '$') return { ...base, what: 'marker', transforms };
    if (name === 'null') return { ...base, what: 'null', transforms };
    if (name === 'rc' || name === 'retcode' || name === '?') return { ...base, what: 'rc', transforms };
    // corex: where the statement stands is known now.
    if (name === 'cfg' && ['line', 'file', 'route', 'name'].includes(syntax.key ?? '') && this.scope.has('corex'))
      return { ...base, what: 'cfg', key: [syntax.key!], transforms };
    const found = this.scope.pv(name);
    if (!found) return { ...base, what: this.absent(name, span), transforms };
    const { module, declaration } = found;
    const key = this.key(syntax, declaration, span, depth);
    const index = this.index(syntax, declaration, text, span, depth);
    const literal = key?.length === 1 && typeof key[0] === 'string' ? key[0] : null;
    if (module === 'core' && name.startsWith('def') && literal !== null) {
      const value = this.defined.get(literal);
      if (value !== undefined) this.defines.set(literal, value);
    }
    if (module === 'pv' && name === 'sel' && literal !== null) bindSelect(literal, span, this.scope);
    if (name === 'var' && literal !== null) {
      this.variables.add(literal);
      return { ...base, what: 'var', module, declaration, key, index, transforms };
    }
    return { ...base, what: 'declared', module, declaration, key, index, transforms };
  }

  private absent(name: string, span: Span): 'missing' | 'bad' {
    const { scope } = this;
    if (scope.excused('pv', name)) return 'missing';
    const module = scope.ownerOf('pvs', name);
    if (module !== undefined && scope.toldOnce(`load ${module}`)) return 'bad';
    const near = nearest(name, scope.pvNames());
    scope.diagnostics.report(unknownPv, span, {
      name,
      ...(module === undefined ? scope.wentWith('pvs', name) : { module }),
      ...(near === undefined ? {} : { near }),
    });
    return 'bad';
  }

  private key(syntax: PvSyntax, declaration: PvDeclaration, span: Span, depth: number): Format | null {
    const { use, values, dynamic } = declaration.key;
    const problem = (text: string) =>
      this.scope.diagnostics.report(wrongPvKey, span, { name: syntax.name, problem: text });
    if (syntax.key === null) {
      if (use === 'req') problem('needs a name in brackets');
      return null;
    }
    if (use === 'none') {
      problem('takes no name in brackets');
      return null;
    }
    if (dynamic && syntax.key.includes('$')) return this.format(syntax.key, span, depth + 1);
    if (values && !values.includes(syntax.key)) {
      const near = nearest(syntax.key, values);
      problem(`has no ${syntax.key}${near === undefined ? '' : `; did you mean ${near}?`}`);
    }
    return [syntax.key];
  }

  private index(
    syntax: PvSyntax,
    declaration: PvDeclaration,
    text: string,
    span: Span,
    depth: number,
  ): number | '*' | BoundPv | null {
    if (syntax.index === null) return null;
    if (!declaration.index) {
      this.scope.diagnostics.report(wrongPvKey, span, { name: syntax.name, problem: 'takes no index' });
      return null;
    }
    if (syntax.index === '*') return '*';
    if (syntax.index.startsWith('$')) return this.single(syntax.index, span, depth + 1);
    if (/^-?\d{1,9}$/.test(syntax.index)) return Number(syntax.index);
    this.malformed(text, `the index has to be a number, * or a pseudo-variable`, span);
    return null;
  }

  private transforms(list: readonly TransformSyntax[], span: Span, depth: number): BoundTransform[] {
    const { scope } = this;
    const bound: BoundTransform[] = [];
    for (const t of list) {
      const name = [`${t.class}.${t.operation}`, `${t.class}.${t.operation.toLowerCase()}`].find((n) =>
        Object.hasOwn(transformations, n),
      );
      const written = `${t.class}.${t.operation}`;
      if (name === undefined) {
        if (scope.excused('transformation', written)) continue;
        const known = Object.values(scope.catalog.modules).some((m) => m.transformations.includes(written));
        const near = nearest(written, Object.keys(transformations));
        if (known)
          scope.diagnostics.report(missingTransformation, span, {
            name: written,
            ...scope.sinceOf('transformations', written),
          });
        else
          scope.diagnostics.report(
            unknownTransformation,
            span,
            near === undefined ? { name: written } : { name: written, near },
          );
        continue;
      }
      const signature = transformations[name]!;
      if (signature.args[0] === 'subst') {
        const arg = this.substitution(written, t.rest, span, depth);
        if (arg !== null) bound.push({ name, signature, args: [arg] });
        continue;
      }
      const given = signature.args.at(-1) === 'raw' ? withRawLast(t, signature.args.length) : t.args;
      if (given.length > signature.args.length || given.length < signature.required) {
        this.malformed(`{${written}}`, `it takes ${signature.args.length} arguments`, span);
        continue;
      }
      const args = given.map((arg, i) => {
        if (arg.startsWith('$')) return this.single(arg, span, depth + 1) ?? '';
        if (signature.args[i] === 'str') return this.textArgument(arg, written, span);
        if (signature.args[i] !== 'int') return arg;
        if (!/^[+-]?\s*\d{1,9}\s*$/.test(arg)) this.malformed(`{${written}}`, `${arg} is no number`, span);
        return Number(arg.replace(/\s/g, '')) || 0;
      });
      bound.push({ name, signature, args });
    }
    return bound;
  }

  /** A tab or a line end ends it, and nothing may follow (pv_trans.c, _tr_parse_sparam()): of `\r\n` only `\r` is left. */
  private textArgument(arg: string, written: string, span: Span): string {
    const end = arg.search(/[\t\n]/);
    if (end < 0) return arg;
    if (/[^ \t\n]/.test(arg.slice(end)))
      this.malformed(`{${written}}`, 'a text ends at a tab or a line end: match them with {re.subst}', span);
    return arg.slice(0, end);
  }

  /** `/regex/replacement/flags`, commas and all, or a variable that holds one. */
  private substitution(
    written: string,
    rest: string | null,
    span: Span,
    depth: number,
  ): BoundSubstitution | BoundPv | null {
    const text = rest?.trim() ?? '';
    if (text.startsWith('$')) return this.single(text, span, depth + 1);
    const bound = bindSubstitution(text, span, this);
    if (typeof bound !== 'string') return bound;
    this.malformed(`{${written},${text}}`, bound, span);
    return null;
  }

  private malformed(text: string, problem: string, span: Span): void {
    this.scope.diagnostics.report(malformedPv, span, { text, problem });
  }
}

/** The last argument is all that is left, commas too: `{s.select,1,,}` asks for what a comma separates. */
function withRawLast(t: TransformSyntax, count: number): readonly string[] {
  const before = t.args.slice(0, count - 1);
  if (t.args.length > count) return [...before, t.args.slice(count - 1).join(',')];
  // A blank is a separator too: as it is written, up to the comma before.
  const last = (t.rest ?? '')
    .split(',')
    .slice(count - 1)
    .join(',');
  return t.args.at(-1) === '' && last !== '' ? [...before, last[0]!] : t.args;
}

const bad = (text: string, span: Span): BoundPv => ({
  kind: 'pv',
  text,
  what: 'bad',
  name: '',
  module: '',
  declaration: null,
  key: null,
  index: null,
  transforms: [],
  span,
});

/** Neighbouring texts in one piece. */
export function joined(parts: readonly FormatPart[]): Format {
  const out: FormatPart[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part;
    else out.push(part);
  }
  return out;
}
