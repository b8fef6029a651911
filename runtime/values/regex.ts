/**
 * Compiled regular expressions for the cfg: POSIX ERE, leftmost-longest where it shows.
 *
 * A yes-or-no match of an expression that backtracking serves in linear time runs on JavaScript's engine; everything
 * else on re2js in longest-match mode. Back-references exist only in the former and get a bounded subject.
 */
import { RE2JS } from 're2js';
import type { Regex, RegexMatch } from '../sdk/define.js';
import { type Ere, EreError, isLinear, largestCount, parseEre, printEre, uses } from './ere.js';

export { EreError } from './ere.js';

export interface RegexFlags {
  /** `=~`, `REG_ICASE`. */
  readonly ignoreCase?: boolean;
  /** `REG_NEWLINE`: what module arguments are compiled with. */
  readonly newline?: boolean;
}

/** Subject length up to which a back-reference is tried. */
const MAX_BACKTRACKING = 2048;
/** re2js refuses larger counts. */
const MAX_RE2_COUNT = 1000;

/** Throws `EreError` with glibc's message when the expression is malformed. */
export function compileRegex(source: string, flags: RegexFlags = {}): Regex {
  const newline = flags.newline ?? false;
  const { tree } = parseEre(source, { ignoreCase: flags.ignoreCase ?? false, newline });
  return new CompiledRegex(source, tree, newline);
}

class CompiledRegex implements Regex {
  #quick: RegExp | null = null;
  #bounded: boolean;
  #engine: RE2JS | null = null;
  constructor(
    readonly source: string,
    private readonly tree: Ere,
    private readonly newline: boolean,
  ) {
    const needsBacktracking =
      uses(tree, 'back') ||
      uses(tree, 'wordStart') ||
      uses(tree, 'wordEnd') ||
      (newline && uses(tree, 'start') && !isLinear(tree));
    this.#bounded = needsBacktracking && !isLinear(tree);
    if (needsBacktracking || isLinear(tree)) this.#quick = new RegExp(printEre(tree, 'js', newline), 's');
    else if (largestCount(tree) > MAX_RE2_COUNT) throw new EreError('Regular expression too big');
  }
  test(text: string): boolean {
    if (this.#quick === null) return this.engine().matcher(text).find();
    return this.#bounded && text.length > MAX_BACKTRACKING ? false : this.#quick.test(text);
  }
  exec(text: string, from = 0): RegexMatch | null {
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
    const re = new RegExp(printEre(this.tree, 'js', this.newline), 'gs');
    re.lastIndex = from;
    const match = re.exec(text);
    return match && { start: match.index, end: re.lastIndex, groups: [...match] };
  }
  private engine(): RE2JS {
    // re2's own line mode serves REG_NEWLINE: the sets already leave \n out.
    const pattern = printEre(this.tree, 're2', false);
    this.#engine ??= RE2JS.compile(pattern, RE2JS.LONGEST_MATCH | RE2JS.DOTALL | (this.newline ? RE2JS.MULTILINE : 0));
    return this.#engine;
  }
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
