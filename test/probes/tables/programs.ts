/**
 * Random programs: nested statements that note where they pass and what `$rc` is. The seed is fixed, so each name stands
 * for the same program in every run.
 */
import { note, type Probe, type ProbeTable } from '../probe.js';

const COUNT = 900;

/** Routes with a code of their own, by every way a route can end. */
const extra = [
  'route[R_SEVEN] { return 7; }',
  'route[R_NEG] { return -3; }',
  'route[R_BARE] { return; }',
  'route[R_EXPR] { return $var(x) - 2; }',
  'route[R_FALL] { is_method("INVITE"); }',
  'route[R_ASSIGN] { is_method("INVITE"); $var(o) = 1; }',
  'route[R_BREAK] { is_method("OPTIONS"); break; }',
  'route[R_NEST] { route(R_NEG); }',
  'route[R_NEST2] { if (route(R_SEVEN)) { route(R_NEG); } else { route(R_SEVEN); } }',
  'route[R_IF] { if (is_method("INVITE")) { return 5; } }',
  'route[R_WHILE] { $var(q) = 3; while ($var(q)) { $var(q) = $var(q) - 1; if ($var(q) == 1) return -4; } }',
  'route[R_SWITCH] { switch ($var(x)) { case 1: return 11; case 2: is_method("INVITE"); break; default: is_method("OPTIONS"); } }',
  'route[R_CORE] { isflagset(9); }',
  'route[R_ZEROIF] { if ($var(x) == 3) { return 0; } }',
  'route[R_EXIT] { if ($var(x) == 4) exit; }',
].join('\n');
/** In a larger expression Kamailio forgets an exit once another call is evaluated (docs/deviations.md). */
const exiting = ['R_ZEROIF', 'R_EXIT'];
const routes = [...extra.matchAll(/route\[(\w+)\]/g)].map((m) => m[1]!);

const returning = routes.filter((name) => !exiting.includes(name));

class Generator {
  private notes = 0;
  private loops = 0;
  constructor(private seed: number) {}

  private below(n: number): number {
    // xorshift32
    this.seed ^= this.seed << 13;
    this.seed ^= this.seed >>> 17;
    this.seed ^= this.seed << 5;
    return (this.seed >>> 0) % n;
  }
  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  private mark(): string {
    return note(`${++this.notes} $rc`);
  }

  program(): string {
    return `$var(x) = ${this.below(6) - 1}; ${this.body(0)}`;
  }

  private body(depth: number): string {
    const count = 1 + this.below(depth === 0 ? 5 : 3);
    return Array.from({ length: count }, () => this.statement(depth)).join(' ');
  }

  private statement(depth: number): string {
    const nested = depth < 3;
    switch (this.below(nested ? 15 : 9)) {
      case 0:
      case 1:
        return this.mark();
      case 2:
        return `$var(x) = ${this.number()};`;
      case 3:
        return `route(${this.pick(routes)}); ${this.mark()}`;
      case 4:
        return `${this.pick(['is_method("INVITE")', 'is_method("OPTIONS")', 'isflagset(5)', 'setflag(5)', 'resetflag(5)'])}; ${this.mark()}`;
      case 5:
        return `$var(y) = ${this.value()}; ${note(`${++this.notes} $var(y) $rc`)}`;
      case 6:
        return this.below(3) === 0 ? this.leave() : this.mark();
      case 7:
        return `if (${this.condition(1)}) ${this.below(2) ? this.mark() : this.leave()}`;
      case 8:
        return `$var(z) = ($var(x) = ${this.number()});`;
      case 9:
      case 10:
        return `if (${this.condition(2)}) { ${this.body(depth + 1)} }${this.below(2) ? ` else { ${this.body(depth + 1)} }` : ''}`;
      case 11:
        return `if (${this.condition(1)}) { ${this.body(depth + 1)} } else if (${this.condition(1)}) { ${this.body(depth + 1)} } else { ${this.body(depth + 1)} }`;
      case 12: {
        const i = `$var(w${++this.loops})`;
        const test = this.pick([i, `${i} > 0`, `${i} != 0 && ${this.condition(1, returning)}`]);
        return `${i} = ${1 + this.below(3)}; while (${test}) { ${i} = ${i} - 1; ${this.body(depth + 1)} }`;
      }
      case 13:
        return this.switch(depth);
      default:
        return `$var(y) = { ${this.body(depth + 1)} }; ${note(`${++this.notes} $var(y)`)}`;
    }
  }

  private switch(depth: number): string {
    const kind = this.below(3);
    const subject = [this.pick(['$var(x)', '$var(x) + 1', 'route(R_SEVEN)']), '$rm', this.pick(['$ru', '$rU'])][kind]!;
    const labels = [
      ['-1', '0', '1', '2', '3', '7'],
      ['"INVITE"', '"OPTIONS"', '"options"', '""'],
      ['/"^sip:"', '/"^p"', '"OPTIONS"', '/"[0-9]+$"', '/"^SIP"'],
    ][kind]!;
    const used = labels.filter(() => this.below(2) === 0);
    const cases = used.map(
      (label) => `case ${label}: ${this.below(4) ? this.body(depth + 1) : ''}${this.below(2) ? ' break;' : ''}`,
    );
    // With default: before the first label of text, or alone, Kamailio does not start (docs/deviations.md).
    const from = kind === 0 ? 0 : 1;
    if (cases.length > 0 && this.below(2))
      cases.splice(
        from + this.below(cases.length + 1 - from),
        0,
        `default: ${this.body(depth + 1)}${this.below(2) ? ' break;' : ''}`,
      );
    return cases.length === 0 ? ';' : `switch (${subject}) { ${cases.join(' ')} } ${this.mark()}`;
  }

  private leave(): string {
    return this.pick([
      'exit;',
      'drop;',
      'return;',
      'return 1;',
      'return -2;',
      'return 0;',
      'return $var(x);',
      'return ($var(x) > 1);',
      'return is_method("INVITE");',
      'exit(1);',
      'drop(3);',
      'break;',
      'break;',
    ]);
  }
  private number(): string {
    return this.pick(['0', '1', '2', '3', '-1', '$var(x) + 1', '$rc', '$var(x) * 2']);
  }
  private value(): string {
    return this.pick([
      this.number(),
      `route(${this.pick(routes)})`,
      'is_method("INVITE")',
      'is_method("OPTIONS")',
      `!route(${this.pick(routes)})`,
      `route(${this.pick(returning)}) + 1`,
      `is_method("OPTIONS") + is_method("INVITE")`,
      `($var(x) = ${this.number()}) + 1`,
    ]);
  }
  private condition(depth: number, callable = routes): string {
    switch (this.below(depth > 0 ? 10 : 7)) {
      case 0:
        return `$var(x) ${this.pick(['==', '!=', '<', '>'])} ${this.below(4) - 1}`;
      case 1:
        return `route(${this.pick(callable)})`;
      case 2:
        return `is_method("${this.pick(['INVITE', 'OPTIONS'])}")`;
      case 3:
        return this.pick(['$var(x)', '$rc', '!$var(x)', '1', '0', '-1']);
      case 4:
        return `!${this.pick(['route(R_NEG)', 'is_method("INVITE")', 'isflagset(5)'])}`;
      case 5:
        return `method == ${this.pick(['INVITE', 'OPTIONS'])}`;
      case 6:
        return `$rU =~ "${this.pick(['^p', '1$', 'X'])}"`;
      case 7:
        return `${this.condition(depth - 1, returning)} && ${this.condition(depth - 1, returning)}`;
      case 8:
        return `${this.condition(depth - 1, returning)} || ${this.condition(depth - 1, returning)}`;
      default:
        return `!(${this.condition(depth - 1, callable)})`;
    }
  }
}

const probes: Probe[] = Array.from({ length: COUNT }, (_, i) => ({
  name: `p${i}`,
  code: new Generator(0x9e3779b9 ^ (i * 2_654_435_761)).program(),
}));

export const programs: ProbeTable = { name: 'programs', probes, extra };
