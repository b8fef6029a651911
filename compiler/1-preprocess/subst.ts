/** `#!subst "/regex/replacement/flags"`: parsing and applying. Facts: re.c (subst_parser), ppcfg.c. */

export interface Substitution {
  apply(text: string): string;
}

/** `environment` serves `$env(NAME)` in the replacement; other pseudo-variables have no value before start. */
export function parseSubst(
  rule: string,
  environment: (name: string) => string | undefined,
): { subst: Substitution; pattern: string; replacement: string } | { error: string } {
  if (rule.length < 3) return { error: 'it is too short' };
  const separator = rule[0]!;
  if (separator === '\\') return { error: '\\ cannot be the separator' };
  const first = unescapedIndex(rule, separator, 1);
  if (first < 0) return { error: `no ${separator} ends the regular expression` };
  const second = unescapedIndex(rule, separator, first + 1);
  if (second < 0) return { error: `no ${separator} ends the replacement` };
  const pattern = rule.slice(1, first);
  const replacement = rule.slice(first + 1, second);
  const flags = rule.slice(second + 1);
  const unknown = /[^igs]/.exec(flags);
  if (unknown) return { error: `${unknown[0]} is not a flag` };
  const regex = compile(pattern, flags);
  if (!regex) return { error: `${pattern} is not a regular expression` };
  const parts = replacementParts(replacement, environment);
  const subst = {
    apply: (text: string) =>
      text.replace(regex, (...groups: unknown[]) =>
        parts.map((part) => (typeof part === 'string' ? part : String(groups[part] ?? ''))).join(''),
      ),
  };
  return { subst, pattern, replacement };
}

function unescapedIndex(text: string, c: string, from: number): number {
  for (let i = from; i < text.length; i++) if (text[i] === c && text[i - 1] !== '\\') return i;
  return -1;
}

/** POSIX extended syntax is close enough to JavaScript's for file names and the like; classes are translated. */
function compile(pattern: string, flags: string): RegExp | null {
  const classes: Readonly<Record<string, string>> = {
    alpha: 'A-Za-z',
    digit: '0-9',
    alnum: 'A-Za-z0-9',
    upper: 'A-Z',
    lower: 'a-z',
    space: ' \\t\\n\\r\\f\\v',
    blank: ' \\t',
    punct: '!-\\/:-@\\[-`{-~',
    xdigit: '0-9A-Fa-f',
    print: ' -~',
    graph: '!-~',
    cntrl: '\\x00-\\x1f\\x7f',
  };
  const source = pattern.replace(/\[:([a-z]+):\]/g, (all, name: string) => classes[name] ?? all);
  try {
    return new RegExp(
      source,
      `${flags.includes('g') ? 'g' : ''}${flags.includes('i') ? 'i' : ''}${flags.includes('s') ? '' : 'm'}`,
    );
  } catch {
    return null;
  }
}

function replacementParts(text: string, environment: (name: string) => string | undefined): (string | number)[] {
  const parts: (string | number)[] = [];
  let plain = '';
  for (let i = 0; i < text.length; i++) {
    const variable = /^\$(?:env\(([^)]*)\)|\(env\(([^)]*)\)\))/.exec(text.slice(i));
    if (variable) {
      plain += environment(variable[1] ?? variable[2] ?? '') ?? '';
      i += variable[0].length - 1;
    } else if (text[i] === '\\' && i + 1 < text.length) {
      const next = text[++i]!;
      if (next >= '0' && next <= '9') {
        parts.push(plain, Number(next));
        plain = '';
      } else plain += next === 'n' ? '\n' : next === 'r' ? '\r' : next === 't' ? '\t' : next;
    } else plain += text[i];
  }
  parts.push(plain);
  return parts;
}
