/** Arguments: what the cfg wrote, turned into what the function's declaration asks for. */
import type { ArgSpec } from '../../runtime/sdk/define.js';
import type { CallExpression, Expression } from '../ast.js';
import type { FunctionDeclaration } from '../declarations.js';
import { missingAttribute, unknownAvpFlag, unknownFlag } from '../diagnostics/3xxx-names.js';
import { badRegex, notConstant, notWritable, uselessArgument, wrongArgument } from '../diagnostics/4xxx-types.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { nearTo } from '../diagnostics/near.js';
import { positionAt } from '../span.js';
import { constantOf } from './constant.js';
import { joined, type PvBinder } from './pvs.js';
import { regexProblem } from './regex.js';
import { bindSubstitution } from './subst.js';
import type { BoundArg, Format, RouteTarget } from './symbols.js';

export interface ArgContext {
  readonly diagnostics: Diagnostics;
  readonly pvs: PvBinder;
  readonly flags: ReadonlyMap<string, number>;
  /** Names in lower case: case does not count. */
  readonly avpFlags: ReadonlyMap<string, number>;
  readonly targets: RouteTarget[];
  /** Is there a pseudo-variable of this plain name? */
  isPv(name: string): boolean;
}

/** The spec of argument `i`, `rest` included. */
export function specAt(args: readonly ArgSpec[], i: number): ArgSpec | undefined {
  const last = args.at(-1);
  return args[i] ?? (last?.rest ? last : undefined);
}

/** `2`, `1 or 2 arguments`, `at least 1 argument`. */
export function describeArity(args: readonly ArgSpec[]): string {
  const min = args.filter((a) => !a.optional && !a.rest).length;
  if (args.at(-1)?.rest) return `at least ${min} argument${min === 1 ? '' : 's'}`;
  if (args.length === 0) return 'no arguments';
  return min === args.length ? `${min} argument${min === 1 ? '' : 's'}` : `${min} to ${args.length} arguments`;
}

export function arityFits(args: readonly ArgSpec[], count: number): boolean {
  const min = args.filter((a) => !a.optional && !a.rest).length;
  return count >= min && (count <= args.length || args.at(-1)?.rest === true);
}

export function bindArgs(call: CallExpression, declaration: FunctionDeclaration, context: ArgContext): BoundArg[] {
  return call.args.map((expression, i) => {
    const spec = specAt(declaration.args, i);
    return spec
      ? new ArgBinder(declaration, spec, i, call.args.length, expression, context).bind()
      : { kind: 'omitted' };
  });
}

const decimal = /^[+-]?\d{1,10}$/;
const spacedDecimal = /^\s*[+-]?\d{1,10}\s*$/;
const hexadecimal = /^\s*0[xX][0-9a-fA-F]{1,8}\s*$/;
/** Text that is a number, as Kamailio's fixups read it. */
const integerOf = (text: string): number | null =>
  spacedDecimal.test(text) || hexadecimal.test(text) ? Number(text.replace('+', '')) | 0 : null;

/** What an expression's value is made into. */
const computedAs: Readonly<Partial<Record<ArgSpec['kind'], Extract<BoundArg, { kind: 'expression' }>['as']>>> = {
  int: 'int',
  varInt: 'int',
  flag: 'int',
  format: 'format',
  regex: 'regex',
  pv: 'pv',
  pvWritable: 'pv',
};

class ArgBinder {
  constructor(
    private readonly declaration: FunctionDeclaration,
    private readonly spec: ArgSpec,
    private readonly position: number,
    /** How many arguments the call has. */
    private readonly count: number,
    private readonly expression: Expression,
    private readonly context: ArgContext,
  ) {}

  bind(): BoundArg {
    const { expression } = this;
    const constant = constantOf(expression);
    if (typeof constant === 'string') return this.text(constant);
    if (typeof constant === 'number') return this.number(constant);
    if (expression.kind === 'word') return this.text(expression.text, true);
    if (expression.kind === 'keyword') return this.text(expression.name, true);
    if (this.spec.kind === 'avpName') return this.named();
    return this.computed();
  }

  private number(value: number): BoundArg {
    const { kind } = this.spec;
    if (kind === 'flag') return this.flagNumber(value);
    if (kind === 'int' || kind === 'varInt') return { kind: 'constant', value };
    return this.text(String(value));
  }

  private text(value: string, word = false): BoundArg {
    const { spec, expression, context } = this;
    const { span } = expression;
    for (const { pattern, wants, of, lax } of spec.shapes ?? []) {
      if ((of !== undefined && of !== this.count) || new RegExp(pattern).test(value)) continue;
      if (!lax) return this.wrong(wants, value);
      context.diagnostics.report(uselessArgument, span, { name: this.declaration.name, argument: this.title, wants });
    }
    switch (spec.kind) {
      case 'str':
      case 'hdrName':
      case 'name':
        return { kind: 'constant', value };
      case 'oneOf':
        if (spec.values && !spec.values.includes(value)) return this.wrong(`one of ${spec.values.join(', ')}`, value);
        return { kind: 'constant', value };
      case 'int': {
        const number = integerOf(value);
        return number === null ? this.wrong('an integer', value) : { kind: 'constant', value: number };
      }
      case 'flag': {
        const number = context.flags.get(value) ?? integerOf(value);
        if (number !== null) return this.flagNumber(number);
        context.diagnostics.report(unknownFlag, span, nearTo(value, context.flags.keys()));
        return { kind: 'constant', value: 0 };
      }
      case 'avpFlag': {
        const number = context.avpFlags.get(value.toLowerCase());
        if (number === undefined)
          context.diagnostics.report(unknownAvpFlag, span, nearTo(value, context.avpFlags.keys()));
        return { kind: 'constant', value: number ?? 0 };
      }
      case 'avpName': {
        // usr_avp.c, parse_avp_ident(): a class of SER's attributes, or a type.
        const name = value.startsWith('$') ? value.slice(1) : value;
        if (name.includes('.') && name[1] !== ':') return this.attribute(value);
        if (name === '' || (name[1] === ':' && !/^(?:[sS]:.|[iI]:\d)/.test(name)))
          return this.wrong('the name of an AVP', value);
        return { kind: 'constant', value: name };
      }
      case 'varInt': {
        // Nothing is 0 to str2sint(), and a blank no digit.
        if (value === '' || decimal.test(value)) return { kind: 'constant', value: Number(value.replace('+', '')) | 0 };
        const parts = context.pvs.format(value, span);
        if (parts.every((p) => typeof p === 'string')) return this.wrong('an integer', value);
        return { kind: 'int', parts };
      }
      case 'route':
        if (!value.includes('$') && spec.route) this.target(value);
        return this.format(context.pvs.format(value, span), false);
      case 'varStr':
      case 'hostPort':
        return word ? { kind: 'constant', value } : this.format(context.pvs.format(value, span), false);
      case 'format': {
        const place = spec.place ? [`${span.file.path}\0${positionAt(span.file, span.start).line}:`] : [];
        return this.format(joined([...place, ...context.pvs.format(value, span)]), true);
      }
      case 'regex': {
        const problem = regexProblem(value);
        if (problem) context.diagnostics.report(badRegex, span, { source: value, problem });
        return { kind: 'regex', source: value };
      }
      case 'subst': {
        const substitution = bindSubstitution(value, span, context.pvs);
        return typeof substitution === 'string'
          ? this.wrong('a substitution /regex/replacement/flags', value, substitution)
          : { kind: 'subst', substitution };
      }
      case 'pv':
      case 'pvWritable': {
        const pv = context.pvs.single(value, span);
        if (!pv) return { kind: 'omitted' };
        if (spec.kind === 'pvWritable' && pv.what === 'declared' && !pv.declaration?.writable)
          context.diagnostics.report(notWritable, span, { text: pv.text });
        return { kind: 'pv', pv };
      }
    }
  }

  /** `$x` names the AVP x where no pseudo-variable is called so (cfg.y, avp_pvar). */
  private named(): BoundArg {
    const { expression, context } = this;
    if (expression.kind === 'attribute') return { kind: 'omitted' }; // reported as any attribute is
    if (expression.kind !== 'pv') return this.wrong('the name of an AVP', expression.kind);
    const name = expression.text.slice(1);
    return context.isPv(name) ? this.wrong('the name of an AVP', expression.text) : { kind: 'constant', value: name };
  }
  private attribute(text: string): BoundArg {
    this.context.diagnostics.report(missingAttribute, this.expression.span, { text });
    return { kind: 'constant', value: '' };
  }

  /** An expression: evaluated at the call, unless the function prepares this argument at load. */
  private computed(): BoundArg {
    const { spec, declaration, expression, context } = this;
    const { kind } = spec;
    if (declaration.constArgs || kind === 'subst') {
      context.diagnostics.report(notConstant, expression.span, {
        name: declaration.name,
        argument: this.title,
      });
      return { kind: 'omitted' };
    }
    // The text it has then is prepared at the call, as a constant one is at load.
    if (kind === 'pv' || kind === 'pvWritable')
      context.diagnostics.report(uselessArgument, expression.span, {
        name: declaration.name,
        argument: this.title,
        wants: 'the name of a variable, in quotes',
      });
    return { kind: 'expression', expression, as: computedAs[kind] ?? 'str' };
  }

  private format(parts: Format, lazy: boolean): BoundArg {
    if (!lazy && parts.length === 1 && typeof parts[0] === 'string') return { kind: 'constant', value: parts[0] };
    return { kind: 'format', parts, lazy };
  }

  private flagNumber(value: number): BoundArg {
    return value >= 0 && value <= 31 ? { kind: 'constant', value } : this.wrong('a flag from 0 to 31', String(value));
  }

  private target(name: string): void {
    const table = (
      {
        request: 'routes',
        failure: 'failure_route',
        branch: 'branch_route',
        tm_reply: 'onreply_route',
        event: 'event_route',
        branch_failure: 'event_route',
      } as const
    )[this.spec.route as string];
    if (!table || name === '' || name === '0') return;
    const full = this.spec.route === 'branch_failure' ? `tm:branch-failure:${name}` : name;
    this.context.targets.push({ table, name: full, span: this.expression.span });
  }

  private wrong(wants: string, has: string, problem?: string): BoundArg {
    this.context.diagnostics.report(wrongArgument, this.expression.span, {
      name: this.declaration.name,
      argument: this.title,
      wants,
      has: `${/^-?\d+$/.test(has) ? has : `"${has}"`}${problem === undefined ? '' : `: ${problem}`}`,
    });
    return {
      kind: 'constant',
      value: this.spec.kind === 'int' || this.spec.kind === 'flag' || this.spec.kind === 'avpFlag' ? 0 : '',
    };
  }

  private get title(): string {
    return `argument ${this.position + 1} (${this.spec.name})`;
  }
}
