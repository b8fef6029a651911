/** Literals and names of emitted code. Text is one-byte characters; what is not plain ASCII is written as escapes. */

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function escapeWith(text: string, quotes: string): string {
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (named[c]) out += named[c];
    else if (quotes.includes(c)) out += `\\${c}`;
    else if (code >= 0x20 && code < 0x7f) out += c;
    else out += code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  }
  return out;
}

export const quote = (text: string): string => `'${escapeWith(text, "'")}'`;
/** The inside of a template literal. */
export const templateText = (text: string): string => escapeWith(text, '`').replaceAll('${', '\\${');

const identifier = /^[A-Za-z_$][\w$]*$/;
/** Words that cannot be variables in a module. */
const reserved = new Set(
  `arguments await break case catch class const continue ctx debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public
  return static super switch this throw true try typeof undefined v var void while with yield`.split(/\s+/),
);

export const isIdentifier = (name: string): boolean => identifier.test(name) && !reserved.has(name);
/** A key of an object literal. */
export const propertyKey = (name: string): string => (identifier.test(name) ? name : quote(name));
/** `.name`, or `['na-me']`. */
export const member = (name: string): string => (identifier.test(name) ? `.${name}` : `[${quote(name)}]`);

/** Gives names that are free in a file. */
export class Names {
  private readonly taken = new Set<string>();
  /** `wanted` when it is free and a variable name, else something close. */
  claim(wanted: string): string {
    const base = wanted.replace(/[^\w$]/g, '_').replace(/^(?=\d)/, '_');
    let name = base;
    for (let n = 2; this.taken.has(name) || !isIdentifier(name); n++)
      name = n === 2 && !this.taken.has(`${base}_`) && !this.taken.has(base) ? `${base}_` : `${base}_${n}`;
    this.taken.add(name);
    return name;
  }
}
