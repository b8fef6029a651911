/**
 * Compiled regular expressions for the cfg: POSIX ERE, leftmost-longest where it shows.
 *
 * What backtracking serves in time linear in the subject runs on JavaScript's engine, and short subjects where it is quadratic;
 * everything else on re2js in longest-match mode. Back-references exist only in the former and get a bounded subject.
 */
import { RE2JS } from 're2js';
import type { Regex, RegexMatch } from '../sdk/define.js';
import {
  backtrackingCost,
  type Ere,
  EreError,
  isDeterministic,
  isFlat,
  largestCount,
  parseEre,
  printEre,
  repeatsGroups,
  uses,
} from './ere.js';

export { EreError } from './ere.js';

export interface RegexFlags {
  /** `=~`, `REG_ICASE`. */
  readonly ignoreCase?: boolean;
  /** `REG_NEWLINE`: what module arguments are compiled with. */
  readonly newline?: boolean;
}

/** Subject length up to which a back-reference is tried. */
const MAX_BACKTRACKING = 2048;
/** Subject length up to which a quadratic match is: some 0.3 ms then; where re2js does not know the expression, 140 ms. */
const MAX_QUADRATIC = 512;
const MAX_QUADRATIC_ALONE = 8192;
/** re2js refuses larger counts. */
const MAX_RE2_COUNT = 1000;

/** Throws `EreError` with glibc's message when the expression is malformed. */
export function compileRegex(source: string, flags: RegexFlags = {}): Regex {
  const newline = flags.newline ?? false;
  const { tree } = parseEre(source, { ignoreCase: flags.ignoreCase ?? false, newline });
  return new CompiledRegex(source, tree, newline);
}

class CompiledRegex implements Regex {
  /** For subjects of at most `#quickLength`; beyond it, `#engine`, or no match where only this one knows the expression. */
  readonly #quick: RegExp | null = null;
  readonly #quickLength: number = 0;
  /** From an offset, with groups. */
  readonly #quickGroups: RegExp | null = null;
  readonly #onlyQuick: boolean;
  /** Lines do not matter to a text of one line, and what begins and ends with it is quicker to find. */
  readonly #oneLine: CompiledRegex | null;
  #engine: RE2JS | null = null;
  constructor(
    readonly source: string,
    private readonly tree: Ere,
    private readonly newline: boolean,
  ) {
    const anchored = newline && (uses(tree, 'start') || uses(tree, 'end'));
    this.#oneLine = anchored && largestCount(tree) <= MAX_RE2_COUNT ? new CompiledRegex(source, tree, false) : null;
    const cost = backtrackingCost(tree, newline);
    this.#onlyQuick =
      uses(tree, 'back') ||
      uses(tree, 'wordStart') ||
      uses(tree, 'wordEnd') ||
      (newline && uses(tree, 'start') && cost === 'unknown') ||
      (cost !== 'unknown' && largestCount(tree) > MAX_RE2_COUNT);
    if (this.#onlyQuick || cost !== 'unknown') {
      this.#quick = new RegExp(printEre(tree, 'js', newline), 's');
      this.#quickLength =
        cost === 'linear'
          ? Number.POSITIVE_INFINITY
          : cost === 'unknown'
            ? MAX_BACKTRACKING
            : this.#onlyQuick
              ? MAX_QUADRATIC_ALONE
              : MAX_QUADRATIC;
      if (cost !== 'unknown' && (isFlat(tree, newline) || (isDeterministic(tree) && !repeatsGroups(tree))))
        this.#quickGroups = new RegExp(this.#quick, 'gs');
    } else if (largestCount(tree) > MAX_RE2_COUNT) throw new EreError('Regular expression too big');
  }
  test(text: string): boolean {
    if (this.#oneLine !== null && !text.includes('\n')) return this.#oneLine.test(text);
    if (this.#quick !== null && text.length <= this.#quickLength) return this.#quick.test(text);
    return this.#onlyQuick ? false : this.engine().matcher(text).find();
  }
  exec(text: string, from = 0): RegexMatch | null {
    if (this.#oneLine !== null && !text.includes('\n')) return this.#oneLine.exec(text, from);
    if (this.#quickGroups !== null && text.length <= this.#quickLength) return matched(this.#quickGroups, text, from);
    if (
      uses(this.tree, 'back') ||
      uses(this.tree, 'wordStart') ||
      uses(this.tree, 'wordEnd') ||
      largestCount(this.tree) > MAX_RE2_COUNT
    )
      return this.backtrack(text, from);
    const matcher = this.engine().matcher(text);
    if (!matcher.find(from)) return null;
    const groups: (string | undefined)[] = [];
    for (let n = 0; n <= matcher.groupCount(); n++) groups.push(matcher.group(n) ?? undefined);
    return { start: matcher.start(), end: matcher.end(), groups };
  }
  private backtrack(text: string, from: number): RegexMatch | null {
    if (text.length > MAX_BACKTRACKING) return null;
    return matched(new RegExp(printEre(this.tree, 'js', this.newline), 'gs'), text, from);
  }
  private engine(): RE2JS {
    // re2's own line mode serves REG_NEWLINE: the sets already leave \n out.
    this.#engine ??= RE2JS.compile(
      printEre(this.tree, 're2', false),
      RE2JS.LONGEST_MATCH | RE2JS.DOTALL | (this.newline ? RE2JS.MULTILINE : 0),
    );
    return this.#engine;
  }
}
/** `re` has the flag g. */
function matched(re: RegExp, text: string, from: number): RegexMatch | null {
  re.lastIndex = from;
  const match = re.exec(text);
  return match && { start: match.index, end: match.index + match[0].length, groups: [...match] };
}

/** Expressions known only at run time, compiled once and kept while used: oldest out first. */
export class RegexCache {
  readonly #known = new Map<string, Regex | EreError>();
  constructor(
    private readonly flags: RegexFlags,
    private readonly limit = 256,
  ) {}
  get(source: string): Regex | EreError {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    let made: Regex | EreError;
    try {
      made = compileRegex(source, this.flags);
    } catch (error) {
      if (!(error instanceof EreError)) throw error;
      made = error;
    }
    if (this.#known.size >= this.limit)
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    this.#known.set(source, made);
    return made;
  }
}
