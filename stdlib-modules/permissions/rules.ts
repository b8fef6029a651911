/**
 * Allow and deny files, in the manner of hosts.allow: `left : right`, each side ALL or patterns with commas between, an
 * ` EXCEPT ` and more patterns behind. Patterns are extended regular expressions; case does not matter.
 */
import { compileRegex, type Regex } from '../../runtime/sdk/index.js';

interface Side {
  /** Null: ALL. */
  readonly any: readonly Regex[] | null;
  readonly except: readonly Regex[];
}
export interface Rule {
  readonly left: Side;
  readonly right: Side;
}

/** Throws when a pattern is empty or cannot be read. */
function patterns(text: string): Regex[] {
  const words: string[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    if (i < text.length && (text[i] !== ',' || quoted)) continue;
    words.push(text.slice(start, i).trim().replace(/^"/, '').replace(/"$/, ''));
    start = i + 1;
  }
  return words.map((word) => {
    if (word === '') throw new Error('an empty pattern');
    return compileRegex(word, { ignoreCase: true });
  });
}
function sideOf(text: string): Side {
  const at = text.indexOf(' EXCEPT ');
  const head = (at < 0 ? text : text.slice(0, at)).trim();
  return { any: head === 'ALL' ? null : patterns(head), except: at < 0 ? [] : patterns(text.slice(at + 8)) };
}

/** Lines that cannot be read are reported and left out. */
export function parseRules(text: string, bad: (line: string) => void): Rule[] {
  const rules: Rule[] = [];
  for (const line of text.split('\n')) {
    let quoted = false;
    let colon = -1;
    let end = line.length;
    for (let i = 0; i < line.length; i++) {
      const c = line[i];
      if (c === '"') quoted = !quoted;
      else if (c === ':' && !quoted) colon = i;
      else if (c === '#' && !quoted) {
        end = i;
        break;
      }
    }
    if (line.slice(0, end).trim() === '') continue;
    try {
      if (colon <= 0 || colon + 1 >= end) throw new Error('no colon');
      rules.push({ left: sideOf(line.slice(0, colon)), right: sideOf(line.slice(colon + 1, end)) });
    } catch {
      bad(line);
    }
  }
  return rules;
}

const covers = (side: Side, text: string): boolean =>
  (side.any === null || side.any.some((regex) => regex.test(text))) && !side.except.some((regex) => regex.test(text));
export const found = (rules: readonly Rule[], left: string, right: string): boolean =>
  rules.some((rule) => covers(rule.left, left) && covers(rule.right, right));
